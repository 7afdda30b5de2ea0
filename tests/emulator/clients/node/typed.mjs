// A typed V2 client that is watched: each reply as it came, beside what the client's own model made of it.

import { isDeepStrictEqual } from "node:util";

/** Give a client of the class, and the list of replies of which its model lost a field. */
export function watched(Client, Config, settings) {
  const lost = [];
  const replies = new Map();
  class Watched extends Client {
    async callApi(params, request, runtime) {
      const reply = await super.callApi(params, request, runtime);
      replies.set(params.action, JSON.parse(JSON.stringify(reply.body)));
      return reply;
    }
  }
  const client = new Watched(new Config({ protocol: "http", ...settings }));
  const ask = async (Request, action, fields = {}) => {
    const reply = await client[action](new Request(fields));
    const name = action[0].toUpperCase() + action.slice(1);
    const modelled = JSON.parse(JSON.stringify(reply.body.toMap()));
    if (!isDeepStrictEqual(modelled, replies.get(name))) {
      lost.push({ action: name, reply: replies.get(name), modelled });
    }
    return modelled;
  };
  return { client, ask, lost };
}

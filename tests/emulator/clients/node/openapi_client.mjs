// The generic V2 client: calls of either style without a typed class, with either signature it knows.

import openapi from "@alicloud/openapi-client";
import util from "@alicloud/tea-util";
import { given, host, refused, see, tell } from "./seen.mjs";

const settings = { endpoint: host, protocol: "http", accessKeyId: given.id, accessKeySecret: given.secret };
const client = (changed = {}) => new openapi.default(new openapi.Config({ ...settings, ...changed }));
const runtime = new util.RuntimeOptions({});

/** Call an action of an RPC product; `body` goes as a form. */
function rpc(on, version, action, query = {}, body = undefined, method = "POST") {
  const params = new openapi.Params({
    action,
    version,
    method,
    protocol: "HTTPS",
    pathname: "/",
    authType: "AK",
    style: "RPC",
    reqBodyType: "formData",
    bodyType: "json",
  });
  return on.callApi(params, new openapi.OpenApiRequest({ query, body }), runtime);
}

/** Call an action of foas, which speaks REST. */
function roa(on, action, method, pathname, { query = {}, body = undefined, headers = {}, reqBodyType = "json" } = {}) {
  const params = new openapi.Params({
    action,
    version: "2018-11-11",
    method,
    protocol: "HTTPS",
    pathname,
    authType: "AK",
    style: "ROA",
    reqBodyType,
    bodyType: "json",
  });
  return on.callApi(params, new openapi.OpenApiRequest({ query, body, headers }), runtime);
}

const acs3 = client();
await see("created", rpc(acs3, "2015-05-01", "CreateUser", { UserName: "ada", DisplayName: "Ada 李雷" }));
await see("identity", rpc(acs3, "2015-04-01", "GetCallerIdentity"));
await see("regions", rpc(acs3, "2021-10-28", "DescribeSupportedRegions", {}, undefined, "GET"));
await refused("twice", rpc(acs3, "2015-05-01", "CreateUser", { UserName: "ada" }));
await see(
  "no_workspace",
  rpc(acs3, "2021-10-28", "DeleteInstance", {}, { InstanceId: "sc_nothing", Region: "cn-hangzhou" }),
);
await refused("no_such_action", rpc(acs3, "2015-05-01", "PraiseUser"));
await refused("no_such_version", rpc(acs3, "1999-01-01", "GetUser"));
await refused("wrong_secret", rpc(client({ accessKeySecret: "another secret" }), "2015-05-01", "ListUsers"));
const powerless = { accessKeyId: given.powerless.id, accessKeySecret: given.powerless.secret };
await refused("no_rights", rpc(client(powerless), "2015-05-01", "ListUsers"));

const clusters = await see(
  "clusters",
  roa(acs3, "ListCluster", "GET", "/api/v2/clusters", { query: { pageSize: "5" } }),
);
const clusterId = clusters.body.Clusters.Cluster[0].ClusterId;
await see(
  "project",
  roa(acs3, "CreateProject", "POST", "/api/v2/projects", { body: { deployType: "cell", name: "generic", clusterId } }),
);
const queue = { queueName: "root.generic", maxVcore: 100, maxMemMB: 4096 };
await see(
  "queue",
  roa(acs3, "CreateQueue", "POST", `/api/v2/clusters/${clusterId}/queue`, { body: queue, reqBodyType: "formData" }),
);
await see("project_read", roa(acs3, "GetProject", "GET", "/api/v2/projects/generic"));
await refused("project_absent", roa(acs3, "GetProject", "GET", "/api/v2/projects/nothing"));
await refused(
  "project_absent_xml",
  roa(acs3, "GetProject", "GET", "/api/v2/projects/nothing", { headers: { accept: "text/xml" } }),
);

const old = client({ signatureAlgorithm: "v2" });
await see("old_rpc", rpc(old, "2015-05-01", "GetUser", { UserName: "ada" }));
await see("old_roa", roa(old, "GetProject", "GET", "/api/v2/projects/generic"));
await see(
  "old_roa_form",
  roa(old, "UpdateProject", "PUT", "/api/v2/projects/generic", {
    body: { globalJobConfig: "a=b" },
    reqBodyType: "formData",
  }),
);
tell();

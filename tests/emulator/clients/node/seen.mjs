// What a client saw: the values it was given and how it was refused, printed as one JSON object at the end.

export const given = JSON.parse(process.argv[2]);
export const host = new URL(given.url).host;

const seen = {};

/** Note what a client was given. */
export async function see(name, asking) {
  const value = await asking;
  seen[name] = value === undefined ? null : value;
  return value;
}

/** Note how a client was refused, in the words of its own error. */
export async function refused(name, asking) {
  let value;
  try {
    value = await asking;
  } catch (error) {
    const { message, code, status, statusCode, requestId, ecCode, data, result, accessDeniedDetail } = error;
    const http = error.entry?.response.statusCode;
    seen[name] = {
      name: error.name,
      message,
      code,
      status,
      statusCode,
      requestId,
      ecCode,
      data,
      result,
      accessDeniedDetail,
      http,
    };
    return error;
  }
  throw new Error(`${name} was not refused: ${JSON.stringify(value)}`);
}

/** Print everything. Open sockets of a client's agent would keep the process, so it ends here. */
export function tell() {
  process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
}

// The client of OSS: buckets, objects, versions, parts and signed addresses, under either signature and either address.

import http from "node:http";
import OSS from "ali-oss";
import { given, refused, see, tell } from "./seen.mjs";

const port = new URL(given.url).port;
const lookup = (name, options, found) =>
  options.all ? found(null, [{ address: "127.0.0.1", family: 4 }]) : found(null, "127.0.0.1", 4);
const agent = new http.Agent({ lookup });
const address = {
  ip: { endpoint: given.url }, // the client names the bucket in the Host header
  host: { endpoint: `http://oss-cn-hangzhou.aliyuncs.com:${port}`, agent },
  path: { endpoint: `http://localhost:${port}`, sldEnable: true, agent },
}[given.by];
const key = { region: "oss-cn-hangzhou", accessKeyId: given.id, accessKeySecret: given.secret, retryMax: 0 };
const client = (changed = {}) => new OSS({ ...key, ...address, authorizationV4: given.v4, ...changed });
const name = given.bucket;
const appendable = (headers) => [headers["x-oss-object-type"], headers["x-oss-next-append-position"]];
const status = async (asking) => (await asking).res.status;

const service = client();
await see("created", status(service.putBucket(name, { acl: "private", storageClass: "Standard" })));
await see(
  "info",
  service.getBucketInfo(name).then((reply) => reply.bucket),
);
await see(
  "location",
  service.getBucketLocation(name).then((reply) => reply.location),
);
await see(
  "listed",
  service.listBuckets({ prefix: name }).then((reply) => reply.buckets.map((bucket) => bucket.name)),
);
await see(
  "acl",
  service.getBucketACL(name).then((reply) => reply.acl),
);
await see("acl_put", status(service.putBucketACL(name, "public-read")));
await see(
  "acl_after",
  service.getBucketACL(name).then((reply) => reply.acl),
);
await service.putBucketACL(name, "private");
const once = { headers: { "x-oss-forbid-overwrite": "true" } };
await client({ bucket: name }).put("once", Buffer.from("x"), once);
await refused("forbidden_overwrite", client({ bucket: name }).put("once", Buffer.from("y"), once));
await see(
  "unversioned",
  service.getBucketVersioning(name).then((reply) => reply.versionStatus),
);
await service.putBucketVersioning(name, "Enabled");
await see(
  "versioned",
  service.getBucketVersioning(name).then((reply) => reply.versionStatus),
);
await service.putBucketTags(name, { team: "flink" });
await see(
  "tags",
  service.getBucketTags(name).then((reply) => reply.tag),
);
await service.putBucketEncryption(name, { SSEAlgorithm: "AES256" });
await see(
  "encryption",
  service.getBucketEncryption(name).then((reply) => reply.encryption),
);
await service.deleteBucketEncryption(name);
await service.putBucketLifecycle(name, [{ id: "old", prefix: "tmp/", status: "Enabled", expiration: { days: 3 } }]);
await see(
  "lifecycle",
  service.getBucketLifecycle(name).then((reply) => reply.rules),
);
const policy = {
  Version: "1",
  Statement: [{ Effect: "Allow", Action: ["oss:GetObject"], Principal: ["*"], Resource: [`acs:oss:*:*:${name}/*`] }],
};
await service.putBucketPolicy(name, policy);
await see(
  "policy",
  service.getBucketPolicy(name).then((reply) => reply.policy),
);
await see("policy_deleted", status(service.deleteBucketPolicy(name)));

const bucket = client({ bucket: name });
const odd = "udf/jär +&=%#?*(1)'!.jar";
const put = await bucket.put(odd, Buffer.from("first"), {
  headers: { "x-oss-storage-class": "Standard" },
  meta: { author: "ada" },
  mime: "application/java-archive",
});
await see("put", { status: put.res.status, etag: put.res.headers.etag, crc: put.res.headers["x-oss-hash-crc64ecma"] });
await see(
  "got",
  bucket.get(odd).then((reply) => reply.content.toString()),
);
await see(
  "range",
  bucket.get(odd, { headers: { Range: "bytes=1-3" } }).then((reply) => [reply.res.status, reply.content.toString()]),
);
await see(
  "head",
  bucket
    .head(odd)
    .then((reply) => ({
      meta: reply.meta,
      type: reply.res.headers["content-type"],
      size: reply.res.headers["content-length"],
    })),
);
await see(
  "meta",
  bucket.getObjectMeta(odd).then((reply) => reply.res.headers["content-length"]),
);
await bucket.put(odd, Buffer.from("second"));
const versions = await bucket.getBucketVersions({ prefix: "udf/" });
await see(
  "versions",
  versions.objects.map((object) => object.isLatest),
);
await see(
  "former",
  bucket.get(odd, { versionId: versions.objects[1].versionId }).then((reply) => reply.content.toString()),
);
await see("copied", status(bucket.copy("udf/copy.jar", odd)));
await see(
  "copy",
  bucket.get("udf/copy.jar").then((reply) => reply.content.toString()),
);
for (const number of [1, 2, 3]) {
  await bucket.put(`data/${number}`, Buffer.from("x"));
}
const listed = [];
let token;
do {
  const page = await bucket.listV2({ prefix: "data/", "max-keys": 2, "continuation-token": token });
  listed.push(page.objects.map((object) => object.name));
  token = page.nextContinuationToken;
} while (token);
await see("list_v2", listed);
await see(
  "folders",
  bucket.listV2({ delimiter: "/" }).then((reply) => reply.prefixes),
);
await see(
  "list_v1",
  bucket
    .list({ prefix: "data/", "max-keys": 2 })
    .then((reply) => [reply.objects.length, reply.isTruncated, reply.nextMarker]),
);

const first = await bucket.append("log", Buffer.from("hel"));
const second = await bucket.append("log", Buffer.from("lo"), { position: first.nextAppendPosition });
await see("appended", [first.nextAppendPosition, second.nextAppendPosition]);
await see(
  "log",
  bucket
    .get("log")
    .then((reply) => [reply.content.toString(), ...appendable(reply.res.headers)]),
);
await refused("stale_position", bucket.append("log", Buffer.from("x"), { position: 3 }));
await refused("not_appendable", bucket.append("data/1", Buffer.from("x"), { position: 1 }));

const large = Buffer.alloc(250 * 1024, "flink");
const multipart = await bucket.multipartUpload("large", large, { partSize: 100 * 1024, parallel: 2 });
await see("multipart", { status: multipart.res.status, etag: multipart.etag });
await see(
  "large",
  bucket.get("large").then((reply) => reply.content.equals(large)),
);
const begun = await bucket.initMultipartUpload("abandoned");
await see(
  "uploads",
  bucket.listUploads({ "max-uploads": 10 }).then((reply) => reply.uploads.map((upload) => upload.name)),
);
await see("aborted", status(bucket.abortMultipartUpload("abandoned", begun.uploadId)));

const through = (address, options = {}) =>
  new Promise((resolve, reject) => {
    const { method = "GET", body, headers } = options;
    const asked = http.request(address, { method, headers, lookup }, (reply) => {
      const parts = [];
      reply.on("data", (part) => parts.push(part));
      reply.on("end", () => resolve([reply.statusCode, Buffer.concat(parts).toString()]));
    });
    asked.on("error", reject);
    asked.end(body);
  });
if (given.by !== "ip" && given.v4) {
  await see("signed_get", through(await bucket.signatureUrlV4("GET", 60, undefined, odd)));
  await see(
    "signed_put",
    through(await bucket.signatureUrlV4("PUT", 60, undefined, "signed"), { method: "PUT", body: "by address" }),
  );
} else if (given.by !== "ip") {
  await see("signed_get", through(bucket.signatureUrl(odd)));
  await see(
    "signed_put",
    through(await bucket.asyncSignatureUrl("signed", { method: "PUT" }), { method: "PUT", body: "by address" }),
  );
  const expired = bucket.signatureUrl(odd, { expires: -10 });
  await see("expired", through(expired));
}

await refused("no_key", bucket.get("nothing"));
await refused("no_key_head", bucket.head("nothing"));
await refused("no_bucket", client({ bucket: "no-such-bucket-here" }).list());
await refused("not_empty", service.deleteBucket(name));
await refused("wrong_secret", client({ bucket: name, accessKeySecret: "another secret" }).list());
await refused("unknown_key", client({ bucket: name, accessKeyId: "LTAI5tNobody" }).list());
await refused(
  "no_rights",
  client({ bucket: name, accessKeyId: given.powerless.id, accessKeySecret: given.powerless.secret }).list(),
);

await see("deleted", status(bucket.delete("udf/copy.jar")));
await refused("gone", bucket.get("udf/copy.jar"));
await bucket.putBucketVersioning(name, "Suspended");
const left = await bucket.getBucketVersions({});
const everything = [...left.objects, ...(left.deleteMarker || [])].map((object) => ({
  key: object.name,
  versionId: object.versionId,
}));
await see(
  "emptied",
  bucket.deleteMulti(everything).then((reply) => reply.deleted.length === everything.length),
);
await see("bucket_deleted", status(service.deleteBucket(name)));
tell();

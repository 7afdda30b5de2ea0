// The core client of the first generation: RPC calls by GET and POST, and ROA calls.

import core from "@alicloud/pop-core";
import { given, refused, see, tell } from "./seen.mjs";

const key = { accessKeyId: given.id, accessKeySecret: given.secret };
const rpc = (apiVersion, config = key) => new core.RPCClient({ endpoint: given.url, apiVersion, ...config });
const roa = (config = key) => new core.ROAClient({ endpoint: given.url, apiVersion: "2018-11-11", ...config });
const post = { method: "POST" };

const ram = rpc("2015-05-01");
await see(
  "created",
  ram.request("CreateUser", { UserName: "ada", DisplayName: "Ada 李雷", Comments: "it's (a+b)&c=d *~!" }, post),
);
await see("read", ram.request("GetUser", { UserName: "ada" }));
await see("lower_case", ram.request("getUser", { userName: "ada" }));
await refused("twice", ram.request("CreateUser", { UserName: "ada" }, post));
await refused("absent", ram.request("GetUser", { UserName: "nobody" }));
await refused("no_such_action", ram.request("PraiseUser", { UserName: "ada" }));
await refused("no_such_version", rpc("1999-01-01").request("GetUser", { UserName: "ada" }));
await refused("wrong_secret", rpc("2015-05-01", { ...key, accessKeySecret: "another secret" }).request("ListUsers"));
const powerless = { accessKeyId: given.powerless.id, accessKeySecret: given.powerless.secret };
await refused("no_rights", rpc("2015-05-01", powerless).request("ListUsers"));

const trust = JSON.stringify({
  Version: "1",
  Statement: [{ Action: "sts:AssumeRole", Effect: "Allow", Principal: { RAM: [`acs:ram::${given.account}:root`] } }],
});
const { Role } = await ram.request("CreateRole", { RoleName: "reader", AssumeRolePolicyDocument: trust }, post);
await ram.request(
  "AttachPolicyToRole",
  { RoleName: "reader", PolicyType: "System", PolicyName: "AliyunRAMReadOnlyAccess" },
  post,
);
const assuming = rpc("2015-04-01", { accessKeyId: given.powerful.id, accessKeySecret: given.powerful.secret });
const assumed = await assuming.request("AssumeRole", { RoleArn: Role.Arn, RoleSessionName: "node" }, post);
const session = {
  accessKeyId: assumed.Credentials.AccessKeyId,
  accessKeySecret: assumed.Credentials.AccessKeySecret,
  securityToken: assumed.Credentials.SecurityToken,
};
await see("session", rpc("2015-04-01", session).request("GetCallerIdentity"));
await see("session_reads", rpc("2015-05-01", session).request("GetUser", { UserName: "ada" }));
await refused("session_writes", rpc("2015-05-01", session).request("DeleteUser", { UserName: "ada" }, post));
await refused("no_token", rpc("2015-04-01", { ...session, securityToken: "" }).request("GetCallerIdentity"));

const vpc = rpc("2016-04-28");
const tags = {
  Tag: [
    { Key: "team", Value: "flink" },
    { Key: "stage", Value: "test" },
  ],
};
const created = await see(
  "vpc",
  vpc.request("CreateVpc", { RegionId: "cn-hangzhou", VpcName: "tagged", CidrBlock: "10.0.0.0/8", ...tags }, post),
);
await see("vpcs", vpc.request("DescribeVpcs", { RegionId: "cn-hangzhou", VpcId: created.VpcId, ...tags }));

const console_ = rpc("2021-10-28");
await see("regions", console_.request("DescribeSupportedRegions", {}));
await see("workspaces", console_.request("DescribeInstances", { Region: "cn-hangzhou", PageIndex: 1, PageSize: 5 }));
await refused(
  "no_workspace",
  console_.request("CreateNamespace", { Region: "cn-hangzhou", InstanceId: "sc_nothing", Namespace: "n" }, post),
);

const foas = roa();
const form = { "content-type": "application/x-www-form-urlencoded" };
await see("clusters", foas.get("/api/v2/clusters", { pageSize: 10, pageIndex: 1 }));
const cluster = (await foas.get("/api/v2/clusters")).Clusters.Cluster[0].ClusterId;
const queue = new URLSearchParams({ queueName: "root.node", maxVcore: "100", maxMemMB: "4096" }).toString();
await see("queue", foas.post(`/api/v2/clusters/${cluster}/queue`, {}, queue, form));
const project = JSON.stringify({ deployType: "cell", name: "node", clusterId: cluster, description: "数据" });
await see("project", foas.post("/api/v2/projects", {}, project, { "content-type": "application/json" }));
await see(
  "bound",
  foas.post(
    "/api/v2/projects/node/queue",
    {},
    new URLSearchParams({ clusterId: cluster, queueName: "root.node" }).toString(),
    form,
  ),
);
await see("project_read", foas.get("/api/v2/projects/node"));
await see("unbound", foas.delete("/api/v2/projects/node/queue", { clusterId: cluster, queueName: "root.node" }));
await see("deleted", foas.delete("/api/v2/projects/node"));
await refused("project_gone", foas.get("/api/v2/projects/node"));
await refused("no_such_path", foas.get("/api/v2/nothing/here"));
await refused("roa_wrong_secret", roa({ ...key, accessKeySecret: "another secret" }).get("/api/v2/clusters"));
await refused("roa_no_rights", roa(powerless).get("/api/v2/clusters"));
const xml = { accept: "text/xml" };
await see("clusters_xml", foas.get("/api/v2/clusters", {}, xml));
await refused("project_gone_xml", foas.get("/api/v2/projects/node", {}, xml));
tell();

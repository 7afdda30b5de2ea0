// The V2 client of VPC: networks, pages, client tokens, dependencies and refusals.

import vpc from "@alicloud/vpc20160428";
import core from "@alicloud/openapi-core";
import { given, host, refused, see, tell } from "./seen.mjs";
import { watched } from "./typed.mjs";

const { Config } = core.$OpenApiUtil;
const key = (accessKeyId, accessKeySecret) => ({
  endpoint: host,
  accessKeyId,
  accessKeySecret,
  regionId: "cn-hangzhou",
});
const { ask, lost } = watched(vpc.default, Config, key(given.id, given.secret));
const regionId = "cn-hangzhou";
const minute = () => fetch(`${given.url}/_emulator/clock`, { method: "POST", body: '{"advance": 60}' });

const wanted = { regionId, vpcName: "flink", cidrBlock: "10.0.0.0/8", clientToken: "token-1" };
const created = await see("created", ask(vpc.CreateVpcRequest, "createVpc", wanted));
await see("again", ask(vpc.CreateVpcRequest, "createVpc", wanted));
await refused("mismatch", ask(vpc.CreateVpcRequest, "createVpc", { ...wanted, vpcName: "other" }));
const vpcId = created.VpcId;
await see("pending", ask(vpc.DescribeVpcAttributeRequest, "describeVpcAttribute", { regionId, vpcId }));
await minute();
await see("available", ask(vpc.DescribeVpcAttributeRequest, "describeVpcAttribute", { regionId, vpcId }));
await ask(vpc.ModifyVpcAttributeRequest, "modifyVpcAttribute", { regionId, vpcId, description: "for Flink" });

for (const number of [1, 2, 3]) {
  const vSwitch = {
    regionId,
    vpcId,
    zoneId: "cn-hangzhou-h",
    cidrBlock: `10.0.${number}.0/24`,
    vSwitchName: `vsw-${number}`,
  };
  await ask(vpc.CreateVSwitchRequest, "createVSwitch", vSwitch);
  await minute();
}
const pages = [];
for (const pageNumber of [1, 2]) {
  const page = await ask(vpc.DescribeVSwitchesRequest, "describeVSwitches", {
    regionId,
    vpcId,
    pageSize: 2,
    pageNumber,
  });
  pages.push({ ...page, RequestId: undefined });
}
await see("pages", pages);
await see("vpcs", ask(vpc.DescribeVpcsRequest, "describeVpcs", { regionId, vpcId }));
await see("zones", ask(vpc.DescribeZonesRequest, "describeZones", { regionId }));

await refused(
  "overlap",
  ask(vpc.CreateVSwitchRequest, "createVSwitch", {
    regionId,
    vpcId,
    zoneId: "cn-hangzhou-h",
    cidrBlock: "10.0.1.0/25",
  }),
);
await refused("dependency", ask(vpc.DeleteVpcRequest, "deleteVpc", { regionId, vpcId }));
await refused("absent", ask(vpc.DeleteVpcRequest, "deleteVpc", { regionId, vpcId: "vpc-nothing" }));
const wrong = watched(vpc.default, Config, key(given.id, "another secret"));
await refused("wrong_secret", wrong.ask(vpc.DescribeVpcsRequest, "describeVpcs", { regionId }));
const powerless = watched(vpc.default, Config, key(given.powerless.id, given.powerless.secret));
await refused("no_rights", powerless.ask(vpc.DescribeVpcsRequest, "describeVpcs", { regionId }));

for (const { VSwitchId } of [...pages[0].VSwitches.VSwitch, ...pages[1].VSwitches.VSwitch]) {
  await ask(vpc.DeleteVSwitchRequest, "deleteVSwitch", { regionId, vSwitchId: VSwitchId });
}
await minute();
await see("deleted", ask(vpc.DeleteVpcRequest, "deleteVpc", { regionId, vpcId }));
await minute();
await see("left", ask(vpc.DescribeVpcsRequest, "describeVpcs", { regionId, vpcId }));

await see("lost", lost);
tell();

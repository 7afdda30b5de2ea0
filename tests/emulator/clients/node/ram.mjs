// The V2 client of RAM: people, their rights, pages, conflicts and refusals.

import ram from "@alicloud/ram20150501";
import core from "@alicloud/openapi-core";
import { given, host, refused, see, tell } from "./seen.mjs";
import { watched } from "./typed.mjs";

const { Config } = core.$OpenApiUtil;
const key = (accessKeyId, accessKeySecret) => ({ endpoint: host, accessKeyId, accessKeySecret });
const { client, ask, lost } = watched(ram.default, Config, key(given.id, given.secret));

const document = JSON.stringify({ Version: "1", Statement: [{ Effect: "Allow", Action: "stream:*", Resource: "*" }] });
const trust = JSON.stringify({
  Version: "1",
  Statement: [{ Action: "sts:AssumeRole", Effect: "Allow", Principal: { Service: ["stream.aliyuncs.com"] } }],
});

await see(
  "created",
  ask(ram.CreateUserRequest, "createUser", { userName: "ada", displayName: "Ada 李雷", comments: "a+b&c=d *~" }),
);
await see("read", ask(ram.GetUserRequest, "getUser", { userName: "ada" }));
await see("updated", ask(ram.UpdateUserRequest, "updateUser", { userName: "ada", newEmail: "ada@example.com" }));
await ask(ram.CreateUserRequest, "createUser", { userName: "ben" });
await ask(ram.CreateUserRequest, "createUser", { userName: "eve" });

const pages = [];
let page = { isTruncated: true, Marker: undefined };
while (pages.length === 0 || page.IsTruncated) {
  page = await ask(ram.ListUsersRequest, "listUsers", { maxItems: 2, marker: page.Marker });
  pages.push(page.Users.User.map((user) => user.UserName));
}
await see("pages", pages);

await ask(ram.CreateGroupRequest, "createGroup", { groupName: "people", comments: "who run jobs" });
await ask(ram.AddUserToGroupRequest, "addUserToGroup", { userName: "ada", groupName: "people" });
await see("groups", ask(ram.ListGroupsForUserRequest, "listGroupsForUser", { userName: "ada" }));
await see("policy", ask(ram.CreatePolicyRequest, "createPolicy", { policyName: "jobs", policyDocument: document }));
await ask(ram.AttachPolicyToGroupRequest, "attachPolicyToGroup", {
  groupName: "people",
  policyName: "jobs",
  policyType: "Custom",
});
await see("attached", ask(ram.ListPoliciesForGroupRequest, "listPoliciesForGroup", { groupName: "people" }));
await see(
  "entities",
  ask(ram.ListEntitiesForPolicyRequest, "listEntitiesForPolicy", { policyName: "jobs", policyType: "Custom" }),
);
await see(
  "version",
  ask(ram.GetPolicyVersionRequest, "getPolicyVersion", { policyName: "jobs", policyType: "Custom", versionId: "v1" }),
);
await see("role", ask(ram.CreateRoleRequest, "createRole", { roleName: "flink", assumeRolePolicyDocument: trust }));
await ask(ram.ListRolesRequest, "listRoles", {});
await ask(ram.ListPoliciesRequest, "listPolicies", { policyType: "System", maxItems: 5 });
await see("key", ask(ram.CreateAccessKeyRequest, "createAccessKey", { userName: "ben" }));
await see("keys", ask(ram.ListAccessKeysRequest, "listAccessKeys", { userName: "ben" }));
const passwords = await client.getPasswordPolicy();
await see("password_policy", passwords.body.toMap());

await refused("twice", ask(ram.CreateUserRequest, "createUser", { userName: "ada" }));
await refused("absent", ask(ram.GetUserRequest, "getUser", { userName: "nobody" }));
await refused("conflict", ask(ram.DeleteUserRequest, "deleteUser", { userName: "ada" }));
await refused("malformed", ask(ram.CreatePolicyRequest, "createPolicy", { policyName: "bad", policyDocument: "{" }));
await refused("missing", ask(ram.GetUserRequest, "getUser", {}));

const wrong = watched(ram.default, Config, key(given.id, "another secret"));
await refused("wrong_secret", wrong.ask(ram.ListUsersRequest, "listUsers"));
const unknown = watched(ram.default, Config, key("LTAI5tNobody", "another secret"));
await refused("unknown_key", unknown.ask(ram.ListUsersRequest, "listUsers"));
const powerless = watched(ram.default, Config, key(given.powerless.id, given.powerless.secret));
await refused("no_rights", powerless.ask(ram.ListUsersRequest, "listUsers"));

await ask(ram.RemoveUserFromGroupRequest, "removeUserFromGroup", { userName: "ada", groupName: "people" });
await see("deleted", ask(ram.DeleteUserRequest, "deleteUser", { userName: "ada" }));
await refused("gone", ask(ram.GetUserRequest, "getUser", { userName: "ada" }));

await see("lost", lost);
tell();

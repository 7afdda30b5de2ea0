"""The names of fields that the public schemas have, of the resources that an export writes. Names alone.

Terraform: aliyun/terraform-provider-alicloud at 1.289 (commit 81c43b6727a0, 2026-08-21), website/docs/r; what is
deprecated there is left out. `lifecycle` is Terraform's own. ROS: help center, "Resource Orchestration Service", the
page of each type as of 2026. UNCONFIRMED: the names inside VersioningConfiguration and
ServerSideEncryptionConfiguration, which were not seen; they are those of the OSS API.
"""

LIFECYCLE = {"lifecycle": {"prevent_destroy": {}, "ignore_changes": {}}}

TERRAFORM = {
    "alicloud_ram_user": {"name": {}, "display_name": {}, "mobile": {}, "email": {}, "comments": {}, "force": {}},
    "alicloud_ram_group": {"group_name": {}, "comments": {}, "force": {}},
    "alicloud_ram_user_group_attachment": {"group_name": {}, "user_name": {}},
    "alicloud_ram_policy": {
        "policy_name": {},
        "policy_document": {},
        "description": {},
        "rotate_strategy": {},
        "tags": {},
        "force": {},
    },
    "alicloud_ram_user_policy_attachment": {"policy_name": {}, "policy_type": {}, "user_name": {}},
    "alicloud_ram_group_policy_attachment": {"policy_name": {}, "policy_type": {}, "group_name": {}},
    "alicloud_ram_role_policy_attachment": {"policy_name": {}, "policy_type": {}, "role_name": {}},
    "alicloud_ram_role": {
        "role_name": {},
        "assume_role_policy_document": {},
        "description": {},
        "max_session_duration": {},
        "tags": {},
        "force": {},
    },
    "alicloud_vpc": {"vpc_name": {}, "cidr_block": {}, "description": {}, "resource_group_id": {}, "tags": {}},
    "alicloud_vswitch": {
        "vswitch_name": {},
        "vpc_id": {},
        "cidr_block": {},
        "zone_id": {},
        "description": {},
        "tags": {},
    },
    "alicloud_oss_bucket": {
        "bucket": {},
        "storage_class": {},
        "redundancy_type": {},
        "tags": {},
        "force_destroy": {},
        **LIFECYCLE,
    },
    "alicloud_oss_bucket_acl": {"bucket": {}, "acl": {}},
    "alicloud_oss_bucket_versioning": {"bucket": {}, "status": {}},
    "alicloud_oss_bucket_server_side_encryption": {"bucket": {}, "sse_algorithm": {}, "kms_master_key_id": {}},
    "alicloud_realtime_compute_vvp_instance": {
        "vvp_instance_name": {},
        "vpc_id": {},
        "vswitch_ids": {},
        "zone_id": {},
        "payment_type": {},
        "pricing_cycle": {},
        "duration": {},
        "resource_group_id": {},
        "resource_spec": {"cpu": {}, "memory_gb": {}},
        "storage": {"oss": {"bucket": {}}},
        "tags": {},
        **LIFECYCLE,
    },
}

POLICY = {"Version": {}, "Statement": {}}

ROS = {
    "ALIYUN::RAM::User": {"UserName": {}, "DisplayName": {}, "Email": {}, "Groups": {}, "Comments": {}},
    "ALIYUN::RAM::Group": {"GroupName": {}, "Comments": {}, "DeletionForce": {}, "IgnoreExisting": {}},
    "ALIYUN::RAM::ManagedPolicy": {
        "PolicyName": {},
        "Description": {},
        "PolicyDocument": POLICY,
        "Users": {},
        "Groups": {},
        "Roles": {},
        "IgnoreExisting": {},
    },
    "ALIYUN::RAM::Role": {"RoleName": {}, "Description": {}, "AssumeRolePolicyDocument": POLICY},
    "ALIYUN::RAM::AttachPolicyToRole": {"PolicyName": {}, "PolicyType": {}, "RoleName": {}},
    "ALIYUN::ECS::VPC": {"VpcName": {}, "CidrBlock": {}, "Description": {}, "Tags": {}},
    "ALIYUN::ECS::VSwitch": {"VSwitchName": {}, "VpcId": {}, "ZoneId": {}, "CidrBlock": {}, "Description": {}},
    "ALIYUN::OSS::Bucket": {
        "BucketName": {},
        "AccessControl": {},
        "StorageClass": {},
        "RedundancyType": {},
        "VersioningConfiguration": {"Status": {}},
        "ServerSideEncryptionConfiguration": {"SSEAlgorithm": {}, "KMSMasterKeyID": {}},
    },
    "ALIYUN::Flink::Instance": {
        "InstanceName": {},
        "VpcId": {},
        "ZoneId": {},
        "Bucket": {},
        "VSwitchIds": {},
        "ChargeType": {},
        "PricingCycle": {},
        "Duration": {},
        "AutoRenew": {},
        "ResourceSpec": {"Cpu": {}, "MemoryGB": {}},
    },
    "ALIYUN::Flink::NamespaceV2": {"InstanceId": {}, "Namespace": {}, "ResourceSpec": {"Cpu": {}, "MemoryGB": {}}},
}
# What Fn::GetAtt may ask of a type.
ROS_ATTRIBUTES = {
    "ALIYUN::ECS::VPC": {"VpcId"},
    "ALIYUN::ECS::VSwitch": {"VSwitchId"},
    "ALIYUN::Flink::Instance": {"InstanceId"},
}

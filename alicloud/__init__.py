"""All the house knows of Alibaba Cloud. It knows nothing of Prefect; only `session` does I/O.

- `errors`: the one tree of errors, each with the operator's next step
- `call`: one API action as a value, and the four kinds of calls
- `session`: sends a call; `endpoints`: where; `clock`: waits; `redaction`: keeps secrets out of what came back
- `settle`: read, decide, act, verify; written once
- `snapshot`: what a run has read, and what a dry run would write; `stopwatch`: how much of its time is the cloud's own
- `policy`: policy documents compared by meaning
- `effective_rights`: what somebody may do by all policies together, which `policy_statements policy_conditions
  policy_patterns` read; `escalation`: ways to more rights
- `dry_runs`: calls that ask whether a write would be let through
- `prerequisites`: what Realtime Compute needs of the other products (roles, policies, names)
- a module per product: `ram sts vpc ecs oss bssopenapi foas foasconsole ververica`, each with models, calls, deciders;
  what is a concept of its own stands beside it: `ram_account ram_policies ram_action ram_listing`, `vpc_vswitches`,
  `oss_objects oss_listing`, `foas_queues foas_projects`, `foasconsole_prices foasconsole_namespaces`
- `states`: what a product's words for a state mean to one who waits
"""

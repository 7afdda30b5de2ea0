"""All the house knows of Alibaba Cloud. It knows nothing of Prefect; only `session` does I/O.

- `errors`: the one tree of errors, each with the operator's next step
- `call`: one API action as a value, and the four kinds of calls
- `session`: sends a call; `endpoints`: where; `clock`: waits
- `settle`: read, decide, act, verify; written once
- `snapshot`: what a run has read, and what a dry run would write
- `policy`: policy documents compared by meaning
- `prerequisites`: what Realtime Compute needs of the other products (roles, policies, names)
- a module per product: `ram sts vpc ecs oss bssopenapi foas foasconsole ververica`, each with models, calls, deciders
"""

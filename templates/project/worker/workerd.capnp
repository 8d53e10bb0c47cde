# The Workers runtime on this machine, for `npm run dev` and the tests. Cloudflare reads wrangler.jsonc instead.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "worker")],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "../dist/worker.js")],
  compatibilityDate = "2026-04-26",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [
    (name = "DATABASE_URL", fromEnvironment = "DATABASE_URL"),
    (name = "ENVIRONMENT", fromEnvironment = "ENVIRONMENT"),
    (name = "BETTER_AUTH_SECRET", fromEnvironment = "BETTER_AUTH_SECRET"),
  ],
);

//! Codes of a server that does not start, or stops by itself.
//!
//! Owns: their explanations. Must not know: when one is raised.

use flaresmith_codegen::diagnostics::Code;

use super::code;

/// The codes, by name.
pub(super) static SERVER: &[Code] = &[
    code(
        "SECRETS_MASTER_KEY",
        "a master key cannot be used",
        "What is secret in the database is encrypted by the master keys `CM_ENC_MASTER_V1`, `CM_ENC_MASTER_V2` and so on, of the environment or, without any there, of a file with one `NAME=KEY` a line. Each key is 32 bytes in base64 or hexadecimal: `openssl rand -base64 32`. Keep the keys that a database was made with; without them it cannot be read.",
    ),
    code(
        "SERVER_ADDRESS",
        "the server cannot listen on its address",
        "Another program has the port, or the address is none of this machine. `flaresmithd --listen 127.0.0.1:0` takes a free port and says which.",
    ),
    code(
        "SERVER_DATA",
        "the data folder cannot be written to",
        "The server keeps repositories, databases and signs of life of its processes there. The message has what the system said. Let the server's user write to the folder, or name another: `flaresmithd --data FOLDER`.",
    ),
    code(
        "SERVER_FIRST_OWNER",
        "the first owner cannot be made",
        "A fresh database gets an owner at the first start. The message says what is in the way: a weak `FLARESMITH_OWNER_PASSWORD`, a data folder that cannot be written to, or the database. Nothing was made; start again once that is put right.",
    ),
    code(
        "SERVER_KEYS",
        "what is encrypted in the database cannot be used",
        "Keys that sign tokens, secrets and kept answers are encrypted there by a master key. Usually the server was started with another one than the database was made with.",
    ),
    code(
        "SERVER_NETWORK",
        "the network cannot be used",
        "The server calls providers such as GitHub, and the system gives it no way to. The message has what was said; usually certificates of the system cannot be read.",
    ),
    code(
        "SERVER_SIGNALS",
        "the server cannot be asked to stop",
        "The system does not let the process receive signals, so that it could not finish what is under way. It does not start that way.",
    ),
    code(
        "SERVER_STOPPED",
        "the server stopped by itself",
        "Nobody asked it to. The message has what the system said; start it again.",
    ),
    code(
        "SERVER_TELEMETRY",
        "nothing can be sent to the collector",
        "The server was told of a collector for traces and metrics, and cannot use the network for it, usually because the system has no certificates that it trusts. Nothing is wrong with the collector itself: one that is away keeps no server from starting. Install the certificates of the system, or start without `--otlp-endpoint`.",
    ),
    code(
        "SERVER_TLS",
        "TLS cannot be spoken with the files that are named",
        "`--tls-certificate` names a file with the chain of certificates and `--tls-key` one with the private key of the first of them, both in PEM, and neither goes without the other. The message says which file cannot be read, or that the two do not belong together. Nothing is served until that is put right; without both, the server speaks plain HTTP.",
    ),
    code(
        "SETTINGS_DATA",
        "there is no folder to keep data in",
        "Neither `XDG_DATA_HOME` nor `HOME` is set. Name a folder: `flaresmithd --data FOLDER`.",
    ),
    code(
        "SETTINGS_DATABASE",
        "the address of the database is of no known form",
        "Write `sqlite://PATH` or `postgres://USER@HOST/NAME`. The address that was given is not repeated, since it may hold a password.",
    ),
    code(
        "SETTINGS_DATABASES",
        "where databases of environments are is of no known form",
        "Write `auto`, `none` or `postgres://USER@HOST/NAME`, the address of a server whose role may make databases and roles. What was given is not repeated, since it may hold a password.",
    ),
    code(
        "SETTINGS_CLOUDFLARE",
        "the address of Cloudflare is none",
        "`--cloudflare-api` and `--cloudflare-workers` take plain addresses of HTTP, such as `https://cloudflare.example/client/v4` and `https://workers.example`: no name, no password, no query. Without them the public Cloudflare is meant.",
    ),
    code(
        "SETTINGS_DATABASES_LEFT",
        "databases of environments would be left behind",
        "The data folder has a Postgres cluster with databases of environments, and the server was told to look for them elsewhere, where they would begin empty. Start with `--databases auto`, which finds them. Who wants them elsewhere takes them there first (`pg_dump`), or moves the folder `postgres` of the data folder away and leaves all that is in it behind.",
    ),
    code(
        "SETTINGS_FILE",
        "the settings file cannot be read",
        "It is TOML with the names of the flags. The message names the place in it; `flaresmithd --help` lists every setting.",
    ),
    code(
        "SETTINGS_GITHUB",
        "the address of GitHub is none",
        "`--github-api` and `--github-url` take plain addresses of HTTP, such as `https://github.example/api/v3` and `https://github.example`: no name, no password, no query. Without them the public GitHub is meant.",
    ),
    code(
        "SETTINGS_GITHUB_SIGN_IN",
        "signing in at GitHub is not set up right",
        "People sign in at GitHub through an application that is registered there. The server needs its id (`--github-client-id`), its secret in a file (`--github-client-secret-file`) or in FLARESMITH_GITHUB_CLIENT_SECRET, and every address that people may come back to (`--oauth-redirect`). Give all three or none; the secret comes from one place. docs/sign-in.md tells how to register the application.",
    ),
    code(
        "SETTINGS_NEON",
        "the address of Neon is none",
        "`--neon-api` takes a plain address of HTTP, such as `https://neon.example/api/v2`: no name, no password, no query. Without it the public Neon is meant.",
    ),
    code(
        "SETTINGS_OTLP_ENDPOINT",
        "the address of the collector is none",
        "`--otlp-endpoint` is the address of a collector that takes OTLP over HTTP, such as `http://localhost:4318`, without a query, a name or a password: these would be shown where addresses are. Keys belong into OTEL_EXPORTER_OTLP_HEADERS.",
    ),
    code(
        "SETTINGS_OTLP_HEADERS",
        "the headers for the collector are of no known form",
        "`OTEL_EXPORTER_OTLP_HEADERS` is `NAME=VALUE` with commas between several. What stands for itself nowhere in it, such as a comma or a space in a value, is written as `%2C` or `%20`. What was given is not repeated, since it may be a key.",
    ),
    code(
        "SETTINGS_OWNER_PASSWORD",
        "the password of the first owner is no text",
        "`FLARESMITH_OWNER_PASSWORD` holds bytes that are no UTF-8, so nobody could type it. Set another one, or unset it and have one made.",
    ),
    code(
        "SETTINGS_POSTMAN",
        "the address of Postman is none",
        "`--postman-api` takes a plain address of HTTP, such as `https://api.eu.postman.com`: no name, no password, no query. Without it the public Postman is meant.",
    ),
    code(
        "STORE_FOLDER",
        "the folder of the database cannot be made",
        "The message says why the system refused. Name another one: `flaresmithd --data FOLDER`.",
    ),
    code(
        "STORE_MIGRATION",
        "the tables cannot be brought up to date",
        "The changes are made all together or not at all, so the database is as it was. Its user needs the right to make tables and types.",
    ),
    code(
        "STORE_SCHEMA_NEWER",
        "the database has been used by a newer version",
        "An older server does not know what its tables hold. Start that version, or name another database: `flaresmithd --database URL`.",
    ),
    code(
        "STORE_SCHEMA_OTHER",
        "the tables are not those of this version",
        "The data model changed between two versions that were not released. Name another database: `flaresmithd --database URL`.",
    ),
    code(
        "STORE_UNREACHABLE",
        "the database cannot be opened",
        "For Postgres, check that it runs and that address, user and password are right; for SQLite, the path and who may write there.",
    ),
];

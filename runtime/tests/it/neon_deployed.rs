//! Workers whose databases are at Neon: migrations, promotion and rollback, with the real workerd and real databases.

use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::json;

use crate::deployments::{Shop, with_workerd};
use crate::edge_host::get;
use crate::instance::Instance;
use crate::neon::Neon;
use crate::neon_projects::{KEY, ORGANIZATION, connect, connection, is_whole};
use crate::own_postgres::mark;
use crate::provisioning::until;

/// A worker that says what is written down in its database, and how it is connected.
pub(crate) const WORKER: &str = r#"import { connect } from 'cloudflare:sockets';

async function first(address, sql) {
  const url = new URL(address.replace(/^postgres(ql)?:/, 'http:'));
  const socket = connect({ hostname: url.hostname, port: Number(url.port) });
  const text = new TextEncoder();
  const who = text.encode(`user\0${url.username}\0database\0${url.pathname.slice(1)}\0\0`);
  const begin = new Uint8Array(8 + who.length);
  new DataView(begin.buffer).setInt32(0, begin.length);
  new DataView(begin.buffer).setInt32(4, 196608);
  begin.set(who, 8);
  const said = text.encode(sql + '\0');
  const query = new Uint8Array(5 + said.length);
  query[0] = 81;
  new DataView(query.buffer).setInt32(1, 4 + said.length);
  query.set(said, 5);
  const writer = socket.writable.getWriter();
  await writer.write(begin);
  await writer.write(query);
  const reader = socket.readable.getReader();
  let bytes = new Uint8Array(0);
  let found = '';
  for (let ready = 0; ready < 2; ) {
    const { value, done } = await reader.read();
    if (done) return 'closed';
    const more = new Uint8Array(bytes.length + value.length);
    more.set(bytes);
    more.set(value, bytes.length);
    bytes = more;
    while (bytes.length >= 5) {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const length = view.getInt32(1) + 1;
      if (bytes.length < length) break;
      const kind = String.fromCharCode(bytes[0]);
      if (kind === 'Z') ready += 1;
      if (kind === 'D') found = new TextDecoder().decode(bytes.slice(11, 11 + view.getInt32(7)));
      if (kind === 'E') return new TextDecoder().decode(bytes.slice(5, length));
      bytes = bytes.slice(length);
    }
  }
  await socket.close();
  return found;
}

export default {
  async fetch(_, env) {
    const found = await first(env.DATABASE_URL, "SELECT coalesce(max(note), 'nothing') FROM notes");
    return new Response(`${found} ${new URL(env.DATABASE_URL.replace(/^postgres(ql)?:/, 'http:')).search} WORD`);
  },
};
"#;

pub(crate) const JOURNAL: &str = r#"{"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_notes","breakpoints":true}]}"#;

async fn says(shop: &Shop<'_>, environment: &str) -> String {
    get(&shop.url(environment).await).await.unwrap().1
}

/// Writes a note into a database.
pub(crate) async fn write(inside: DatabaseConnection, note: &str) {
    let sql = format!("INSERT INTO notes VALUES ('{note}')");
    inside.execute_unprepared(&sql).await.unwrap();
    inside.close().await.unwrap();
}

/// Shows 001/FR-004.
#[tokio::test(flavor = "multi_thread")]
async fn workers_use_the_branches_of_their_environments_and_a_rollback_finds_the_data_that_it_left() {
    let neon = Neon::start().await;
    neon.key(KEY, ORGANIZATION);
    let api = neon.api.clone();
    let instance = Instance::set_on_postgres(|settings| {
        with_workerd(settings);
        settings.neon = api;
    })
    .await;
    let mut shop = Shop::new(&instance).await;
    let (owner, project) = (shop.files.token.clone(), shop.files.id.clone());
    let commit = shop
        .commit(&[
            ("worker.js", &WORKER.replace("WORD", "one")),
            ("db/migrations/meta/_journal.json", JOURNAL),
            ("db/migrations/0000_notes.sql", "CREATE TABLE notes (note text)"),
        ])
        .await;
    shop.deploy("dev", &commit).await;
    assert_eq!(says(&shop, "dev").await, "nothing  one");
    let here = instance.platform.providers.databases.reached(&mark(&project)).await;
    let here = here.unwrap().unwrap().address;
    write(sea_orm::Database::connect(here.expose()).await.unwrap(), "here").await;
    assert_eq!(says(&shop, "dev").await, "here  one");

    connect(&instance, &owner, &project, connection(KEY)).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    is_whole(&neon);
    // What runs goes on with the database that it has.
    assert_eq!(says(&shop, "dev").await, "here  one");

    let commit = shop.commit(&[("worker.js", &WORKER.replace("WORD", "two"))]).await;
    shop.deploy("dev", &commit).await;
    assert_eq!(says(&shop, "dev").await, "nothing ?application_name=pooler two");
    write(neon.inside("dev").await, "there").await;
    assert_eq!(says(&shop, "dev").await, "there ?application_name=pooler two");
    // Each branch is its own.
    shop.tested("dev", 10, 0).await;
    let promoted = shop.done("dev", "promote", json!({ "to": "staging" })).await;
    assert_eq!(promoted.text("/state"), "succeeded", "{promoted:?}");
    assert_eq!(says(&shop, "staging").await, "nothing ?application_name=pooler two");

    let back = shop.done("dev", "rollback", json!({ "reason": "it is slow" })).await;
    assert_eq!(back.text("/state"), "succeeded", "{back:?}");
    assert_eq!(says(&shop, "dev").await, "here  one");

    // Where the database is at Neon, no other is taken for it.
    let path = format!("/projects/{project}/integrations/neon");
    instance.call(&owner, "DELETE", &path, None).await.is(204);
    let refused = shop.done("dev", "deploy", json!({ "ref": commit })).await;
    assert_eq!(refused.text("/state"), "failed");
    assert_eq!(refused.text("/errorCode"), "INTEGRATION_NOT_CONNECTED");
    connect(&instance, &owner, &project, connection(KEY)).await.is(201);
    until(&instance, &owner, &project, "succeeded").await;
    shop.deploy("dev", &commit).await;
    assert_eq!(says(&shop, "dev").await, "there ?application_name=pooler two");
    assert_eq!(neon.wrong(), Vec::<String>::new());
    shop.end().await;
}

//! A small feature with its contract, and a project to put them in.
//!
//! Owns: what the specs say, and talking to the project. Must not know: what a test is about.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::instance::{Answer, Instance};

pub(crate) const FEATURE: &str = "# Feature Specification: Hello\n\n## Requirements\n\n### Functional Requirements\n\n- **FR-001**: The service MUST greet a caller by name.\n- **FR-002**: The service MUST say goodbye. Not in the contract: nobody asks for it.\n";

pub(crate) const CONSTITUTION: &str = "# Constitution\n\n## Core Principles\n\n### Plain\n\n**Version**: 1.2.0 | **Ratified**: 2025-01-01 | **Last Amended**: 2025-02-01\n";

/// A contract with one operation of this name.
pub(crate) fn contract(operation: &str) -> String {
    format!(
        "openapi: 3.1.0\n\
         info: {{title: Hello, version: 1.0.0, license: {{name: MIT, identifier: MIT}}}}\n\
         servers: [{{url: 'https://api.example.com'}}]\n\
         security: []\n\
         tags: [{{name: Greetings, description: Greeting.}}]\n\
         paths:\n\
         \x20 /greetings/{{name}}:\n\
         \x20   get:\n\
         \x20     operationId: {operation}\n\
         \x20     tags: [Greetings]\n\
         \x20     summary: Greet somebody\n\
         \x20     description: Says hello.\n\
         \x20     x-flaresmith: {{requirements: [FR-001]}}\n\
         \x20     parameters: [{{name: name, in: path, required: true, description: Who., schema: {{type: string, maxLength: 80}}}}]\n\
         \x20     responses:\n\
         \x20       '200':\n\
         \x20         description: The greeting.\n\
         \x20         content: {{application/json: {{schema: {{$ref: '#/components/schemas/Greeting'}}}}}}\n\
         components:\n\
         \x20 schemas:\n\
         \x20   Greeting: {{description: A greeting., type: object, required: [text], properties: {{text: {{type: string, maxLength: 200}}}}}}\n"
    )
}

pub(crate) const SPEC: &str = "specs/001-hello/spec.md";
pub(crate) const CONTRACT: &str = "specs/001-hello/contracts/openapi.yaml";

pub(crate) struct Project<'a> {
    pub(crate) instance: &'a Instance,
    pub(crate) token: String,
    pub(crate) organization: String,
    pub(crate) id: String,
}

impl<'a> Project<'a> {
    pub(crate) async fn new(instance: &'a Instance) -> Self {
        let (organization, token) = instance.organization("Northwind").await;
        let id = instance.project(&token, &organization, "Hello").await;
        Self {
            instance,
            token,
            organization,
            id,
        }
    }

    /// One with a feature, its contract and a constitution, on the default branch.
    pub(crate) async fn hello(instance: &'a Instance) -> Self {
        let project = Self::new(instance).await;
        project.upload("specs/constitution.md", CONSTITUTION, &[]).await.is(201);
        project.upload(SPEC, FEATURE, &[]).await.is(201);
        project.upload(CONTRACT, &contract("greet"), &[]).await.is(201);
        project
    }

    pub(crate) async fn get(&self, rest: &str) -> Answer {
        let path = format!("/projects/{}/{rest}", self.id);
        self.instance.call(&self.token, "GET", &path, None).await
    }

    pub(crate) async fn upload(&self, path: &str, text: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = String::new();
        for (name, value) in [("path", path)].iter().chain(fields) {
            body.push_str(&format!(
                "--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!(
            "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x\"\r\ncontent-type: application/octet-stream\r\n\r\n{text}\r\n--b--\r\n"
        ));
        let request = Request::builder()
            .method("POST")
            .uri(format!("/projects/{}/specs", self.id))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "multipart/form-data; boundary=b");
        self.instance.answer(request.body(Body::from(body)).unwrap()).await
    }

    pub(crate) async fn apply(&self, more: Value) -> Answer {
        let mut body = json!({"projectId": self.id});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.instance
            .call(&self.token, "POST", "/specs/apply", Some(body))
            .await
    }

    pub(crate) async fn head(&self, branch: &str) -> String {
        self.get(&format!("files/tree?ref={branch}"))
            .await
            .is(200)
            .text("/commitSha")
    }

    /// Every file below a folder with its id.
    pub(crate) async fn files(&self, branch: &str, folder: &str) -> Vec<(String, String)> {
        let path = format!("files/tree?ref={branch}&path={folder}&recursive=true&type=blob&limit=100");
        let page = self.get(&path).await.is(200);
        let items = page.body.pointer("/items").and_then(Value::as_array).unwrap();
        let told = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
        items
            .iter()
            .map(|item| (told(item, "path"), told(item, "sha")))
            .collect()
    }

    pub(crate) async fn write(&self, branch: &str, path: &str, text: &str) -> Answer {
        let body = json!({"branch": branch, "baseSha": self.head(branch).await, "message": "By hand",
            "changes": [{"op": "write", "path": path, "content": text}]});
        let path = format!("/projects/{}/files/commit", self.id);
        self.instance.call(&self.token, "POST", &path, Some(body)).await
    }

    /// The text of a file.
    pub(crate) async fn read(&self, branch: &str, path: &str) -> String {
        let (folder, _) = path.rsplit_once('/').unwrap();
        let files = self.files(branch, folder).await;
        let (_, sha) = files.iter().find(|(found, _)| found == path).unwrap();
        let request = Request::builder()
            .uri(format!("/projects/{}/files/blobs/{sha}/content", self.id))
            .header("authorization", format!("Bearer {}", self.token));
        let response = tower::ServiceExt::oneshot(self.instance.router.clone(), request.body(Body::empty()).unwrap());
        let body = axum::body::to_bytes(response.await.unwrap().into_body(), 64 << 20)
            .await
            .unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }
}

//! The domain `files`: a project's repository.
//!
//! Owns: its operations. Must not know: HTTP, where repositories lie; [`repositories`](crate::repositories) does.

mod blob;
mod change;
pub(crate) mod protected;
mod seen;
mod tree;

use flaresmith_api::api::files::{
    CommitFilesRequest, CommitFilesResponse, FilesApi, GetBlobContentRequest, GetBlobContentResponse, GetBlobRequest,
    GetBlobResponse, GetFileTreeRequest, GetFileTreeResponse, PreviewDiffRequest, PreviewDiffResponse,
};
use flaresmith_api::errors::Failure;
use flaresmith_api::server::Context;

use crate::pipeline::Access;
use crate::platform::Platform;
pub(crate) use change::author;

impl FilesApi for Platform {
    async fn get_file_tree(&self, _: Context, request: GetFileTreeRequest) -> Result<GetFileTreeResponse, Failure> {
        tree::list(self, request).await.map(GetFileTreeResponse::Ok)
    }

    async fn get_blob(&self, _: Context, request: GetBlobRequest) -> Result<GetBlobResponse, Failure> {
        let e_tag = Some(blob::tag(&request.blob_sha));
        let body = blob::about(self, request).await?;
        Ok(GetBlobResponse::Ok { e_tag, body })
    }

    async fn get_blob_content(
        &self,
        _: Context,
        request: GetBlobContentRequest,
    ) -> Result<GetBlobContentResponse, Failure> {
        blob::content(self, request).await
    }

    async fn preview_diff(&self, _: Context, request: PreviewDiffRequest) -> Result<PreviewDiffResponse, Failure> {
        change::preview(self, request.project_id, request.body)
            .await
            .map(PreviewDiffResponse::Ok)
    }

    async fn commit_files(
        &self,
        context: Context,
        request: CommitFilesRequest,
    ) -> Result<CommitFilesResponse, Failure> {
        let access = Access::of(&context)?;
        change::commit(self, access, request.project_id, request.body)
            .await
            .map(CommitFilesResponse::Created)
    }
}

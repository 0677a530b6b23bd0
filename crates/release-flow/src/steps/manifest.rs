//! The stage manifest, last of a stage run.

use artifact_publish::{Attributes, Sha256Digest};
use release_journal::{Observed, Step, StepId};

use super::{different, id, upload::object};
use crate::{
    Error,
    manifest::{self, StageManifest},
    runner::StageContext,
};

/// Writes the manifest.
pub(crate) struct Manifest(pub(crate) StageManifest);

impl Manifest {
    fn bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(release_journal::canonical_json(&self.0)?)
    }
}

impl<'a> Step<StageContext<'a>> for Manifest {
    type Output = Sha256Digest;
    type Error = Error;

    fn id(&self) -> StepId {
        id("manifest", self.0.build_version)
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<Sha256Digest>, Error> {
        let name = object(&format!("{}/{}", cx.plan.prefix, manifest::FILE_NAME))?;
        let found =
            cx.bucket.read(&name, manifest::MAX_BYTES).await.map_err(Error::bucket("read the stage manifest"))?;
        let expected = Sha256Digest::of(&self.bytes()?);
        Ok(match found {
            None => Observed::Absent,
            Some(found) if Sha256Digest::of(&found.bytes) == expected => Observed::Done(expected),
            Some(found) => different(format!("manifest `{name}`"), expected, Sha256Digest::of(&found.bytes)),
        })
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), Error> {
        let name = object(&format!("{}/{}", cx.plan.prefix, manifest::FILE_NAME))?;
        let json = Attributes::of_type("application/json");
        cx.bucket.create(&name, self.bytes()?, &json).await.map_err(Error::bucket("write the stage manifest"))?;
        Ok(())
    }
}

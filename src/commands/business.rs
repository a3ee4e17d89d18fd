//! `frontdesk business`: catalogues in and out.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Subcommand;

use super::{Failure, documents, quiet};
use crate::app::{self, App};
use crate::booking::Catalogue;
use crate::config::{self, Settings};
use crate::types::BusinessId;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Store a catalogue, as the business's next version if it differs
    #[command(
        after_help = "While `frontdesk serve` runs, it owns the database; then send the catalogue to it:
  PUT /v1/businesses/{business_id}"
    )]
    Import {
        /// A catalogue in TOML; `-` is standard input
        file: PathBuf,
    },
    /// Print a stored catalogue as TOML
    Export {
        /// The business
        id: BusinessId,
    },
    /// List the stored businesses
    List,
    /// Look for mistakes in a catalogue, without storing it
    Check {
        /// A catalogue in TOML; `-` is standard input
        file: PathBuf,
    },
}

pub(super) async fn run(
    command: Command,
    settings: impl FnOnce() -> Result<Settings, config::Error>,
    output: &mut impl Write,
) -> Result<(), Failure> {
    // What needs no database must work without one, and without settings.
    let (command, catalogue) = match command {
        Command::Check { file } => {
            let catalogue = documents::read(&file)?;
            let says = summary(&catalogue);
            writeln!(output, "{} is fine: {says}", file.display()).map_err(anyhow::Error::from)?;
            return Ok(());
        }
        Command::Import { file } => (None, Some(documents::read(&file)?)),
        other => (Some(other), None),
    };
    let settings = quiet(settings()?)?;
    let app = app::open(&settings).await?;
    let done = match (command, catalogue) {
        (_, Some(catalogue)) => import(&app, catalogue, output).await,
        (Some(Command::Export { id }), _) => export(&app, &id, output).await,
        _ => list(&app, output).await,
    };
    // Closed in any case: the store finishes what it was handed.
    app.close().await;
    Ok(done?)
}

async fn import(app: &App, catalogue: Catalogue, output: &mut impl Write) -> anyhow::Result<()> {
    let says = summary(&catalogue);
    let business = app.businesses.put(catalogue, app.clock.now()).await?;
    writeln!(
        output,
        "{} is stored as version {}: {says}",
        business.catalogue.id, business.version
    )?;
    Ok(())
}

async fn export(app: &App, id: &BusinessId, output: &mut impl Write) -> anyhow::Result<()> {
    let (_, stored) = app.store.business(id).await?.ok_or_else(|| {
        anyhow!("there is no business `{id}`; `frontdesk business list` shows those there are")
    })?;
    write!(output, "{}", documents::toml(&stored)?)?;
    Ok(())
}

async fn list(app: &App, output: &mut impl Write) -> anyhow::Result<()> {
    let ids = app.store.businesses().await.context("cannot list businesses")?;
    if ids.is_empty() {
        writeln!(
            output,
            "no businesses yet; `frontdesk business import FILE` stores one"
        )?;
    }
    for id in ids {
        match app.businesses.find(&id).await {
            Ok(Some(business)) => writeln!(
                output,
                "{id}\tversion {}\t{}",
                business.version,
                summary(&business.catalogue)
            )?,
            Ok(None) => {}
            // One unreadable document must not hide the others.
            Err(error) => writeln!(output, "{id}\t{error}")?,
        }
    }
    Ok(())
}

fn summary(catalogue: &Catalogue) -> String {
    let count =
        |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    format!(
        "{}, {}, {}, {}",
        catalogue.name,
        count(catalogue.services.len(), "service", "services"),
        count(catalogue.resources.len(), "resource", "resources"),
        catalogue
            .time_zone
            .iana_name()
            .unwrap_or("a time zone without a name"),
    )
}

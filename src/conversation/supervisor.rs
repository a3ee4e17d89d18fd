//! Watches the actors. It does what it says here and nothing else: ractor's own default would stop it with the first
//! child that stops.

use std::sync::Arc;

use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};

use super::Services;
use crate::invariants::{self, Invariant};

struct Supervisor;

/// Starts it.
pub(super) async fn start(
    services: Arc<Services>,
) -> Result<(ActorCell, tokio::task::JoinHandle<()>), SpawnErr> {
    let (supervisor, handle) = Actor::spawn(None, Supervisor, services).await?;
    Ok((supervisor.get_cell(), handle))
}

impl Actor for Supervisor {
    type Msg = ();
    type State = Arc<Services>;
    type Arguments = Arc<Services>;

    async fn pre_start(
        &self,
        _: ActorRef<()>,
        services: Arc<Services>,
    ) -> Result<Arc<Services>, ActorProcessingErr> {
        Ok(services)
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<()>,
        event: SupervisionEvent,
        services: &mut Arc<Services>,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(actor, error) => {
                // A handler returns errors as values, so this is a bug of ours. Those who wait are told by their
                // closed channels; what was accepted is durable, and the next message starts a fresh actor.
                tracing::error!(actor = %actor.get_id(), %error, "a conversation's actor failed");
                invariants::violated(Invariant::I8, "an actor failed");
                services.router.bury(actor.get_id());
            }
            SupervisionEvent::ActorTerminated(actor, _, _) => services.router.bury(actor.get_id()),
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

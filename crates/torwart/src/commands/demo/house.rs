//! Everything the demonstration consists of: three shops, the gateway before them, its admin address.

use super::feed::{Entrance, Feed};
use crate::commands::serve;
use crate::{Console, Exit, trouble};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use torwart_config::{Plan, Source};
use torwart_gateway::{Gateway, Options, StartProblem};
use torwart_lab::Ground;
use torwart_lab::origin::{Act, Flaky, Shop, Timetable};

/// The demonstration, running.
pub(super) struct House {
    feed: Feed,
    scene: Scene,
}

/// What must stay alive while it is shown.
pub(super) struct Scene {
    /// What can be looked at.
    pub(super) scenery: Scenery,
    gateway: Gateway,
    admin: JoinSet<()>,
    stop: watch::Sender<bool>,
    _shops: (Shop, Shop, Flaky),
}

/// Where everything is.
#[derive(Clone, Debug)]
pub(super) struct Scenery {
    /// The gateway.
    pub(super) address: SocketAddr,
    /// The address that was wanted and taken by somebody else.
    pub(super) taken: Option<SocketAddr>,
    /// The admin address.
    pub(super) admin: SocketAddr,
    /// What each upstream is called.
    pub(super) names: HashMap<String, &'static str>,
}

impl House {
    /// Starts everything, or tells why it cannot be.
    pub(super) async fn open(
        listen: SocketAddr,
        lasts: Option<Duration>,
        acts: mpsc::UnboundedSender<Act>,
        console: &Console,
    ) -> Result<Self, Exit> {
        let system = |error: io::Error| {
            trouble::tell_system(&error, console);
            Exit::CouldNotRun
        };
        let shops = open_shops(lasts, acts).map_err(system)?;
        let (feed, entrance) = Feed::open().map_err(system)?;
        let origins = [shops.0.address(), shops.1.address(), shops.2.address()];
        let start = |listen| start(plan(listen, origins, &entrance), console);
        let (gateway, taken) = match start(listen) {
            Ok(gateway) => (gateway, None),
            Err(StartProblem::Listen { error, .. }) if error.kind() == io::ErrorKind::AddrInUse => {
                let gateway = start(SocketAddr::new(listen.ip(), 0));
                (gateway.map_err(|problem| told(&problem, console))?, Some(listen))
            }
            Err(problem) => return Err(told(&problem, console)),
        };
        // The gateway has its own end of the pipe now; the feed shall end with it.
        drop(entrance);
        let listener = serve::bind(serve::ADMIN, true).await.map_err(system)?;
        let admin = serve::admin(listener, &gateway, None, None, console);
        let address = gateway.addresses().iter().find_map(torwart_gateway::Bound::ip);
        let address = address.ok_or_else(|| system(io::ErrorKind::AddrNotAvailable.into()))?;
        let names = origins.map(|origin| format!("http://{origin}")).into_iter().zip(NAMES).collect();
        let scenery =
            Scenery { address: reachable(address), taken, admin: admin.address().map_err(system)?, names };
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(admin.run(stopped));
        Ok(Self { feed, scene: Scene { scenery, gateway, admin: tasks, stop, _shops: shops } })
    }

    /// The feed, and the rest.
    pub(super) fn take_feed(self) -> (Feed, Scene) {
        (self.feed, self.scene)
    }
}

impl Scene {
    /// Ends everything; exchanges under way get a moment.
    pub(super) async fn close(mut self) {
        let gateway = self.gateway;
        let (ended, end) = oneshot::channel();
        let waiting = std::thread::Builder::new().name("drain".to_owned()).spawn(move || {
            // Nobody may be listening any more.
            let _ = ended.send(gateway.stop(MOMENT));
        });
        if waiting.is_ok() {
            // A gateway that does not end in time ends with the process.
            let _ = tokio::time::timeout(MOMENT * 2, end).await;
        }
        self.stop.send_replace(true);
        while self.admin.join_next().await.is_some() {}
    }
}

fn open_shops(lasts: Option<Duration>, acts: mpsc::UnboundedSender<Act>) -> io::Result<(Shop, Shop, Flaky)> {
    let ground = Ground::start()?;
    let anywhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let mut timetable = Timetable::demonstration();
    if let Some(lasts) = lasts {
        // A short demonstration shows every act too.
        let count = u32::try_from(timetable.acts.len()).unwrap_or(u32::MAX);
        let length = (lasts / count.max(1)).clamp(SHORTEST_ACT, LONGEST_ACT);
        timetable = timetable.with_acts_of(length);
    }
    // Nobody may be looking any more.
    let announce = move |act: &Act| drop(acts.send(act.clone()));
    Ok((
        Shop::start(&ground, anywhere, NAMES[0])?,
        Shop::start(&ground, anywhere, NAMES[1])?,
        Flaky::start(&ground, anywhere, NAMES[2], timetable, announce)?,
    ))
}

fn start(plan: Option<Plan>, console: &Console) -> Result<Gateway, StartProblem> {
    let options =
        Options { version: env!("CARGO_PKG_VERSION").to_owned(), is_coloured: console.out.is_coloured };
    let plan = plan.ok_or_else(|| StartProblem::System(io::ErrorKind::InvalidInput.into()))?;
    Gateway::start(plan, &options)
}

/// The plan of the demonstration; a test sees to it that there is one.
fn plan(listen: SocketAddr, origins: [SocketAddr; 3], log: &Entrance) -> Option<Plan> {
    let [one, two, flaky] = origins.map(|origin| format!("http://{origin}"));
    let text = PLAN
        .replace("{listen}", &listen.to_string())
        .replace("{log}", &log.path().display().to_string())
        .replace("{one}", &one)
        .replace("{two}", &two)
        .replace("{flaky}", &flaky);
    let source = Source::new(Path::new("demo.toml"), text);
    torwart_config::check(&source, &|_| true).plan
}

fn told(problem: &StartProblem, console: &Console) -> Exit {
    trouble::tell_start(problem, console);
    Exit::CouldNotRun
}

/// Every address of this machine is reached through the loopback one.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
    } else {
        address
    }
}

/// What the shops are called; the last one misbehaves.
const NAMES: [&str; 3] = ["shop-1", "shop-2", "shop-3"];

const PLAN: &str = include_str!("plan.toml");
const MOMENT: Duration = Duration::from_secs(1);
const SHORTEST_ACT: Duration = Duration::from_millis(300);
const LONGEST_ACT: Duration = Duration::from_secs(6);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_without_fault() {
        let origins = [1, 2, 3].map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
        let (_feed, entrance) = Feed::open().expect("there are pipes");
        let plan = plan("127.0.0.1:0".parse().expect("an address"), origins, &entrance);
        assert_eq!(plan.map(|plan| plan.pools.len()), Some(2));
    }
}

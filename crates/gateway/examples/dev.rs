//! dev
use std::io::Read;
use torwart_gateway::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let src = torwart_config::Source::new(std::path::Path::new(&args[1]), text);
    let checked = torwart_config::check(&src, &|_| true);
    for c in &checked.complaints {
        eprintln!("{:?}", c);
    }
    let plan = checked.plan.expect("plan");
    let g = Gateway::start(plan, &Options { version: "dev".into(), is_coloured: false })
        .map_err(|e| e.to_string())
        .unwrap();
    for a in g.addresses() {
        eprintln!("{a:?}");
    }
    let mut s = [0; 1];
    loop {
        if std::io::stdin().read(&mut s).unwrap() == 0 {
            break;
        }
    }
    eprintln!("drain {}", g.drain());
}

//! Where a request comes from.

use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{HeaderName, USER_AGENT};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use poligon_core::config::ServerConfig;
use uuid::Uuid;

use crate::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Longest user agent that is kept, in characters.
const LONGEST_AGENT: usize = 256;

/// What the edge finds out about a request, once.
pub(crate) struct RequestInfo {
    pub(crate) id: String,
    pub(crate) address: IpAddr,
    pub(crate) secure: bool,
}

impl RequestInfo {
    pub(crate) fn of(req: &ServiceRequest, config: &ServerConfig) -> Self {
        let peer = req.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |socket| canonical(socket.ip()));
        let trusted = |address: &IpAddr| config.trusted_proxies.iter().any(|net| net.contains(address));
        let behind_proxy = trusted(&peer);
        let proto = req.headers().get(FORWARDED_PROTO).and_then(|v| v.to_str().ok());
        Self {
            id: given_id(req).unwrap_or_else(|| Uuid::new_v4().simple().to_string()),
            address: if behind_proxy { forwarded(req, trusted).unwrap_or(peer) } else { peer },
            secure: behind_proxy && proto.is_some_and(|proto| proto.eq_ignore_ascii_case("https"))
                || config.public_url.starts_with("https://"),
        }
    }
}

/// The caller's `X-Request-Id`: 1 to 128 visible ASCII characters.
fn given_id(req: &ServiceRequest) -> Option<String> {
    let value = req.headers().get(REQUEST_ID)?.to_str().ok()?;
    let fits = (1..=128).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| value.to_owned())
}

/// The last address in `X-Forwarded-For` that is not one of our own proxies: everything before it is hearsay. What is no
/// address names nobody, and nobody is near: it becomes the unspecified address. `None` without the header.
fn forwarded(req: &ServiceRequest, trusted: impl Fn(&IpAddr) -> bool) -> Option<IpAddr> {
    let lines: Vec<&str> = req.headers().get_all(FORWARDED_FOR).filter_map(|v| v.to_str().ok()).collect();
    let mut nearest = None;
    for part in lines.iter().flat_map(|line| line.split(',')).rev() {
        let address = read_address(part.trim()).map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), canonical);
        nearest = Some(address);
        if !trusted(&address) {
            break;
        }
    }
    nearest
}

/// An address as proxies write it: some add the port, and some set IPv6 in brackets.
fn read_address(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|inner| inner.parse().ok());
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    text.parse().ok().or_else(with_port).or_else(bare)
}

/// `::ffff:1.2.3.4` is `1.2.3.4`.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Who calls, as far as the connection tells.
#[derive(Debug, Clone)]
pub struct Client {
    /// The address; behind a configured proxy the one that it forwards.
    pub address: IpAddr,
    /// The `User-Agent`, cut to 256 characters.
    pub user_agent: String,
    /// The id of this request.
    pub request_id: String,
}

impl Client {
    /// The key under which this address is limited: an IPv6 subscriber has a whole /64.
    pub fn limit_key(&self) -> String {
        limit_key(self.address)
    }
}

pub(crate) fn limit_key(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

impl FromRequest for Client {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let info = req.extensions().get::<Rc<RequestInfo>>().cloned();
        let agent = req.headers().get(USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        ready(Ok(Self {
            address: info.as_ref().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |i| i.address),
            user_agent: agent.chars().take(LONGEST_AGENT).collect(),
            request_id: info.map(|i| i.id.clone()).unwrap_or_default(),
        }))
    }
}

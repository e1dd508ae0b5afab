// A plugin with no C++ in it, and no C: greets, keeps the connection until the
// peer ends it, and says goodbye when the worker drains. The ABI is declared by
// hand, as much of it as is used; its numbers are checked when this is compiled.
//
//   rustc -O -C panic=abort --crate-type cdylib hello_rust.rs
#![allow(non_upper_case_globals)]

use std::collections::HashMap;
use std::mem::size_of;
use std::os::raw::{c_char, c_int, c_void};
use std::ptr;

// ---- plugins/abi/cluster_plugin.h

type Status = i32;
const OK: Status = 0;
const E_UNSUPPORTED: Status = 200;
const READABLE: u32 = 1;

#[repr(C)]
struct Host {
    size: u32,
    flags: u32,
    abi_major: u32,
    abi_minor: u32,
    host_data: *mut c_void,
    get_service: extern "C" fn(*const Host, *const c_char) -> *const c_void,
}

#[repr(C)]
struct Connection {
    size: u32,
    fd: i32,
    id: u64,
    accepted_ns: u64,
    listener: u32,
    reserved: u32,
    peer: [u64; 3],
}

type Ready = extern "C" fn(*mut c_void, u32);
enum Watch {}

// What both tables have after these is not used here.
#[repr(C)]
struct Loop {
    size: u32,
    flags: u32,
    watch: extern "C" fn(*const Host, i32, u32, Ready, *mut c_void, *mut *mut Watch) -> Status,
    modify: extern "C" fn(*const Host, *mut Watch, u32) -> Status,
    unwatch: extern "C" fn(*const Host, *mut Watch),
}

#[repr(C)]
struct Connections {
    size: u32,
    flags: u32,
    close: extern "C" fn(*const Host, i32, u64),
}

#[repr(C)]
pub struct Table {
    size: u32,
    flags: u32,
    create: extern "C" fn(*const Host, *mut *mut c_void, *mut c_void) -> Status,
    start: usize, // those that are not set are NULL
    on_connection: extern "C" fn(*mut c_void, *const Connection),
    drain: extern "C" fn(*mut c_void, u64, u64),
    stop: extern "C" fn(*mut c_void),
    destroy: extern "C" fn(*mut c_void),
    run: usize,
}

#[repr(C)]
pub struct Entry {
    magic: u64,
    size: u32,
    kind: u32,
    abi_major: u32,
    abi_minor: u32,
    abi_minor_min: u32,
    flags: u32,
    name: *const c_char,
    version: *const c_char,
    required_services: *const [*const c_char; 3],
    optional_services: *const c_void,
    table: *const Table,
}
unsafe impl Sync for Entry {}

#[repr(C)]
struct Note {
    owner_size: u32,
    desc_size: u32,
    note_type: u32,
    owner: [u8; 8],
    size: u32,
    kind: u32,
    abi_major: u32,
    abi_minor: u32,
    abi_minor_min: u32,
    sanitizers: u32,
    name: [u8; 48],
    version: [u8; 24],
    compiler: [u8; 64],
    required_services: [u8; 192],
}

// As plugins/abi/layout.h has them.
const _: () = assert!(size_of::<Host>() == 32);
const _: () = assert!(size_of::<Connection>() == 56);
const _: () = assert!(size_of::<Table>() == 64);
const _: () = assert!(size_of::<Entry>() == 72);
const _: () = assert!(size_of::<Note>() == 20 + NOTE_DESC_BYTES);
const NOTE_DESC_BYTES: usize = 352;

// ---- The C library

extern "C" {
    fn send(fd: c_int, data: *const c_void, size: usize, flags: c_int) -> isize;
    fn recv(fd: c_int, data: *mut c_void, size: usize, flags: c_int) -> isize;
}
const MSG_NOSIGNAL: c_int = 0x4000;
const EAGAIN: i32 = 11;

fn say(fd: i32, text: &str) {
    // A text this short goes at once, or its reader does not read.
    unsafe { send(fd, text.as_ptr().cast(), text.len(), MSG_NOSIGNAL) };
}

// ---- The plugin

struct Peer {
    fd: i32,
    id: u64,
    watch: *mut Watch,
    worker: *mut Worker,
}

struct Worker {
    host: *const Host,
    event_loop: *const Loop,
    connections: *const Connections,
    peers: HashMap<u64, Box<Peer>>,
}

impl Worker {
    fn close(&self, peer: &Peer) {
        unsafe {
            ((*self.event_loop).unwatch)(self.host, peer.watch);
            ((*self.connections).close)(self.host, peer.fd, peer.id);
        }
    }

    fn close_all(&mut self, last_words: &str) {
        for (_, peer) in std::mem::take(&mut self.peers) {
            say(peer.fd, last_words);
            self.close(&peer);
        }
    }
}

extern "C" fn create(host: *const Host, this: *mut *mut c_void, _: *mut c_void) -> Status {
    let service = |id: &[u8]| unsafe { ((*host).get_service)(host, id.as_ptr().cast()) };
    let worker = Worker {
        host,
        event_loop: service(b"cluster.loop/1\0").cast(),
        connections: service(b"cluster.connection/1\0").cast(),
        peers: HashMap::new(),
    };
    if worker.event_loop.is_null() || worker.connections.is_null() {
        return E_UNSUPPORTED;
    }
    unsafe { *this = Box::into_raw(Box::new(worker)).cast() };
    OK
}

extern "C" fn on_connection(this: *mut c_void, connection: *const Connection) {
    let worker = unsafe { &mut *this.cast::<Worker>() };
    let (fd, id) = unsafe { ((*connection).fd, (*connection).id) };
    say(fd, "hello from Rust\n");
    let mut peer = Box::new(Peer { fd, id, watch: ptr::null_mut(), worker });
    let context: *mut Peer = &mut *peer;
    let status = unsafe {
        ((*worker.event_loop).watch)(
            worker.host, fd, READABLE, on_readable, context.cast(), &mut peer.watch)
    };
    if status == OK {
        worker.peers.insert(id, peer);
    } else {
        unsafe { ((*worker.connections).close)(worker.host, fd, id) };
    }
}

extern "C" fn on_readable(context: *mut c_void, _: u32) {
    let (fd, id, worker) = unsafe {
        let peer = &*context.cast::<Peer>();
        (peer.fd, peer.id, &mut *peer.worker)
    };
    let mut ignored = [0u8; 4096];
    let size = unsafe { recv(fd, ignored.as_mut_ptr().cast(), ignored.len(), 0) };
    let again = size < 0 && std::io::Error::last_os_error().raw_os_error() == Some(EAGAIN);
    if size > 0 || again {
        return;
    }
    if let Some(peer) = worker.peers.remove(&id) {
        worker.close(&peer);
    }
}

extern "C" fn drain(this: *mut c_void, _deadline_ms: u64, _open: u64) {
    unsafe { &mut *this.cast::<Worker>() }.close_all("goodbye from Rust\n");
}

extern "C" fn stop(this: *mut c_void) {
    unsafe { &mut *this.cast::<Worker>() }.close_all("");
}

extern "C" fn destroy(this: *mut c_void) {
    drop(unsafe { Box::from_raw(this.cast::<Worker>()) });
}

// ---- What the host reads

static TABLE: Table = Table {
    size: size_of::<Table>() as u32,
    flags: 0,
    create,
    start: 0,
    on_connection,
    drain,
    stop,
    destroy,
    run: 0,
};

struct Services([*const c_char; 3]);
unsafe impl Sync for Services {}
static REQUIRED: Services = Services([
    b"cluster.loop/1\0".as_ptr().cast(),
    b"cluster.connection/1\0".as_ptr().cast(),
    ptr::null(),
]);

// Built as of ABI 0.2, of which it uses what 0.1 has.
#[no_mangle]
pub static cluster_plugin_entry: Entry = Entry {
    magic: u64::from_le_bytes(*b"CLUSPLUG"),
    size: size_of::<Entry>() as u32,
    kind: 1,
    abi_major: 0,
    abi_minor: 2,
    abi_minor_min: 1,
    flags: 0,
    name: b"hello_rust\0".as_ptr().cast(),
    version: b"1.0\0".as_ptr().cast(),
    required_services: &REQUIRED.0,
    optional_services: ptr::null(),
    table: &TABLE,
};

const fn text<const N: usize>(from: &[u8]) -> [u8; N] {
    let mut field = [0u8; N];
    let mut i = 0;
    while i < from.len() {
        field[i] = from[i]; // one that does not fit does not compile
        i += 1;
    }
    field
}

#[used]
#[link_section = ".note.cluster.plugin"]
static NOTE: Note = Note {
    owner_size: 8,
    desc_size: NOTE_DESC_BYTES as u32,
    note_type: 1,
    owner: *b"cluster\0",
    size: NOTE_DESC_BYTES as u32,
    kind: 1,
    abi_major: 0,
    abi_minor: 2,
    abi_minor_min: 1,
    sanitizers: 0,
    name: text(b"hello_rust"),
    version: text(b"1.0"),
    compiler: text(b"rustc"),
    required_services: text(b"cluster.loop/1 cluster.connection/1"),
};

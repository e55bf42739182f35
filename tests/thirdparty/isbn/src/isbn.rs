// SPDX-License-Identifier: Apache-2.0

//! isbn: marks book numbers whose check digit is right.
//!
//! A number is a run of digits, hyphens and single blanks that stands alone; its digits, without what is between them, become the
//! row's string.

use std::os::raw::{c_char, c_int, c_void};

#[allow(dead_code, non_camel_case_types)]
mod qanat {
    include!(env!("QANAT_RS"));
}
#[allow(dead_code)]
mod manifest {
    include!(env!("MANIFEST_RS"));
}
use manifest::*;
use qanat::*;

struct Instance {
    with_isbn10: bool,
}

struct Book {
    begin: usize,
    end: usize,
    digits: Vec<u8>,
}

fn is_isbn13(digits: &[u8]) -> bool {
    if digits.len() != 13 || !(digits.starts_with(b"978") || digits.starts_with(b"979")) || digits.contains(&b'X') {
        return false;
    }
    let weights = [1, 3].iter().cycle();
    digits.iter().zip(weights).map(|(d, weight)| (*d - b'0') as u32 * weight).sum::<u32>() % 10 == 0
}

fn is_isbn10(digits: &[u8]) -> bool {
    if digits.len() != 10 || digits[..9].contains(&b'X') {
        return false;
    }
    let value = |d: u8| if d == b'X' { 10 } else { (d - b'0') as u32 };
    digits.iter().zip((1..=10).rev()).map(|(d, weight)| value(*d) * weight).sum::<u32>() % 11 == 0
}

/// Reads one run that begins with a digit at `begin`.
fn read(text: &[u8], begin: usize) -> Book {
    let mut book = Book { begin, end: begin, digits: Vec::new() };
    let mut at = begin;
    while at < text.len() && book.digits.len() < 14 {
        match text[at] {
            d @ b'0'..=b'9' => book.digits.push(d),
            b'X' if book.digits.len() == 9 => book.digits.push(b'X'),
            b'-' | b' ' if at + 1 < text.len() && (text[at + 1].is_ascii_digit() || text[at + 1] == b'X') => {
                at += 1;
                continue;
            }
            _ => break,
        }
        at += 1;
        book.end = at;
    }
    book
}

fn find(text: &[u8], with_isbn10: bool) -> Vec<Book> {
    let mut books = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let alone = at == 0 || !(text[at - 1].is_ascii_alphanumeric() || text[at - 1] == b'-');
        if !text[at].is_ascii_digit() || !alone {
            at += 1;
            continue;
        }
        let book = read(text, at);
        at = book.end.max(at + 1);
        let ends = at == text.len() || !text[at].is_ascii_alphanumeric();
        if ends && (is_isbn13(&book.digits) || (with_isbn10 && is_isbn10(&book.digits))) {
            books.push(book);
        }
    }
    books
}

unsafe fn write(call: *mut qn_call, books: &[Book]) -> c_int {
    const LAYER: u32 = ISBN_LAYER_ISBN_BOOK;
    let host = &*(*call).host;
    let heap: usize = books.iter().map(|book| book.digits.len()).sum();
    let mut rows = std::mem::MaybeUninit::<qn_rows>::uninit();
    let rc = (host.layer_reserve)(call, LAYER, books.len() as u32, heap as u32, rows.as_mut_ptr());
    if rc != 0 {
        return rc;
    }
    let rows = rows.assume_init();
    let digits = *rows.columns.add(ISBN_BOOK_DIGITS as usize) as *mut qn_heap_str;
    let kinds = *rows.columns.add(ISBN_BOOK_KIND as usize) as *mut u32;
    let mut used = 0;
    for (row, book) in books.iter().enumerate() {
        let len = book.digits.len();
        *rows.begin.add(row) = book.begin as u32;
        *rows.end.add(row) = book.end as u32;
        std::ptr::copy_nonoverlapping(book.digits.as_ptr(), rows.heap.add(used) as *mut u8, len);
        *digits.add(row) = qn_heap_str { offset: rows.heap_base + used as u32, len: len as u32 };
        *kinds.add(row) = if len == 13 { ISBN_BOOK_KIND_ISBN13 } else { ISBN_BOOK_KIND_ISBN10 };
        used += len;
    }
    (host.layer_commit)(call, LAYER, books.len() as u32, heap as u32)
}

unsafe extern "C" fn process(instance: *mut c_void, _context: *mut c_void, call: *mut qn_call) -> qn_status {
    let instance = &*(instance as *const Instance);
    let mut text = std::mem::MaybeUninit::<qn_view>::uninit();
    if ((*(*call).host).view_get)(call, text.as_mut_ptr()) != 0 {
        return qn_fail(call, QN_STATUS_REJECT, b"no-text\0", "the document has no text");
    }
    match write(call, &find(text.assume_init_ref().bytes(), instance.with_isbn10)) {
        0 => QN_STATUS_OK,
        _ => qn_fail(call, QN_STATUS_RETRY, b"no-memory\0", "no memory for the numbers"),
    }
}

unsafe extern "C" fn create(create: *mut qn_create, ret_instance: *mut *mut c_void) -> c_int {
    let instance = Box::new(Instance { with_isbn10: qn_config_i64(create, b"/isbn10\0", 1) != 0 });
    *ret_instance = Box::into_raw(instance) as *mut c_void;
    0
}

unsafe extern "C" fn destroy(instance: *mut c_void) {
    if !instance.is_null() {
        drop(Box::from_raw(instance as *mut Instance));
    }
}

static TRANSFORM: qn_transform = qn_transform {
    size: std::mem::size_of::<qn_transform>() as u32,
    reserved: 0,
    create: Some(create),
    destroy: Some(destroy),
    context_open: None,
    context_close: None,
    process: Some(process),
    process_batch: None,
    cancel: None,
};

static STAGE: qn_stage = qn_stage {
    size: std::mem::size_of::<qn_stage>() as u32,
    reserved: 0,
    name: b"isbn\0".as_ptr() as *const c_char,
    source: std::ptr::null(),
    transform: &TRANSFORM,
    sink: std::ptr::null(),
};

/// Constants of this kind may be shared, and hold pointers to others.
#[repr(transparent)]
struct Stages([*const qn_stage; 1]);
unsafe impl Sync for Stages {}
static STAGES: Stages = Stages([&STAGE]);

#[no_mangle]
pub static qn_plugin_v1: qn_plugin =
    qn_plugin { size: std::mem::size_of::<qn_plugin>() as u32, n_stages: 1, stages: &STAGES.0 as *const *const qn_stage };

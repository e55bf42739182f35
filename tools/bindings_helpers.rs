// SPDX-License-Identifier: Apache-2.0
// The end of the generated qanat.rs: see tools/generate-bindings.

// A plugin's tables are constants: the host only reads them.
unsafe impl Sync for qn_plugin {}
unsafe impl Sync for qn_stage {}

impl qn_str {
    /// A string that lives as long as the program.
    pub const fn new(text: &'static str) -> qn_str {
        qn_str { data: text.as_ptr() as *const c_char, len: text.len() }
    }

    /// The bytes, for as long as the host lends them.
    ///
    /// # Safety
    /// Only while the string is lent.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(self.data as *const u8, self.len)
        }
    }
}

impl qn_view {
    /// The bytes of the view.
    ///
    /// # Safety
    /// Only until the stage returns, or completes.
    pub unsafe fn bytes<'a>(&self) -> &'a [u8] {
        if self.len == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(self.data, self.len as usize)
        }
    }
}

/// Says why a call does not return OK, and returns status. slug ends with a 0 byte: b"bad-input\0".
///
/// # Safety
/// Only inside the call.
pub unsafe fn qn_fail(call: *mut qn_call, status: qn_status, slug: &'static [u8], text: &str) -> qn_status {
    ((*(*call).host).fail)(call, status, slug.as_ptr() as *const c_char, text.as_ptr() as *const c_char, text.len())
}

/// Says why create fails, and returns what create returns then.
///
/// # Safety
/// Only inside create.
pub unsafe fn qn_create_fail(create: *mut qn_create, text: &str) -> c_int {
    ((*(*create).host).create_fail)(create, text.as_ptr() as *const c_char, text.len())
}

/// A configuration string, empty if it is not there. pointer ends with a 0 byte: b"/word\0".
///
/// # Safety
/// Only inside create; the bytes hold until create returns.
pub unsafe fn qn_config_str<'a>(create: *mut qn_create, pointer: &'static [u8]) -> &'a [u8] {
    let mut value = std::mem::MaybeUninit::<qn_value>::zeroed().assume_init();
    let rc = ((*(*create).host).config_get)(create, pointer.as_ptr() as *const c_char, &mut value);
    if rc == 0 && value.r#type == QN_VALUE_STR {
        value.as_.str.bytes()
    } else {
        &[]
    }
}

/// A configuration integer or truth value.
///
/// # Safety
/// Only inside create.
pub unsafe fn qn_config_i64(create: *mut qn_create, pointer: &'static [u8], fallback: i64) -> i64 {
    let mut value = std::mem::MaybeUninit::<qn_value>::zeroed().assume_init();
    let rc = ((*(*create).host).config_get)(create, pointer.as_ptr() as *const c_char, &mut value);
    if rc == 0 && (value.r#type == QN_VALUE_I64 || value.r#type == QN_VALUE_BOOL) {
        value.as_.i64
    } else {
        fallback
    }
}

//! The system's allocator, which counts what is asked of it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// How often the calling thread has allocated or reallocated memory so far.
/// What a C library allocates for itself is not seen.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// Makes glibc keep what is freed. By itself it gives large memory back to the
/// system or not, depending on what the process has done before.
pub(crate) fn keep_freed_memory() {
    #[cfg(target_env = "gnu")]
    for parameter in [libc::M_TRIM_THRESHOLD, libc::M_MMAP_THRESHOLD] {
        // SAFETY: takes no pointer.
        unsafe { libc::mallopt(parameter, KEPT) };
    }
}

fn count() {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
}

thread_local! {
    // Per thread, because an atomic would slow down whoever allocates a lot.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// More than anything here, and what `M_MMAP_THRESHOLD` can be at most.
#[cfg(target_env = "gnu")]
const KEPT: libc::c_int = 32 << 20;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: all four are the system's own, and counting does not allocate: the
// thread-local above has neither an initializer nor a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(memory, layout, len) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allocated_is_counted_and_what_is_freed_is_not() {
        let before = allocations();
        let mut bytes = Vec::<u8>::with_capacity(10);
        bytes.reserve_exact(1000);
        drop(bytes);
        assert_eq!(allocations() - before, 2);
    }
}

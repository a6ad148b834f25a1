//! Memory at a fixed place, for structures that point at one another.

use std::ptr::NonNull;
use std::slice;

/// A boxed slice that can be moved while the kernel, or a message header, holds
/// pointers into it, which a `Box` by itself does not allow.
pub(super) struct Slab<T> {
    start: NonNull<T>,
    len: usize,
}

impl<T: Copy> Slab<T> {
    pub(super) fn new(value: T, len: usize) -> Self {
        let items = Box::leak(vec![value; len].into_boxed_slice());
        Self {
            start: NonNull::from(&mut *items).cast(),
            len,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// A pointer to an item, for the kernel to read and write.
    pub(super) fn pointer(&self, index: usize) -> *mut T {
        assert!(index < self.len, "item {index} of {}", self.len);
        // SAFETY: the index is in bounds.
        unsafe { self.start.add(index) }.as_ptr()
    }

    pub(super) fn items(&self) -> &[T] {
        // SAFETY: `start` came from a slice of `len` items that nothing else
        // frees, and the kernel writes to it only inside calls that borrow
        // `self` mutably.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    pub(super) fn items_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `items`, and `self` is borrowed mutably.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T> Drop for Slab<T> {
    fn drop(&mut self) {
        let items = std::ptr::slice_from_raw_parts_mut(self.start.as_ptr(), self.len);
        // SAFETY: `start` and `len` are of the box that `new` leaked.
        drop(unsafe { Box::from_raw(items) });
    }
}

// SAFETY: a slab owns its items, as a box does.
unsafe impl<T: Send> Send for Slab<T> {}
// SAFETY: a shared slab gives out shared items, or pointers that need unsafe
// code to be used.
unsafe impl<T: Sync> Sync for Slab<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_stay_good_when_the_slab_moves() {
        let slab = Slab::new(0u32, 3);
        let pointer = slab.pointer(1);
        let mut moved = Box::new(slab);
        // SAFETY: in bounds, and nothing else looks at the slab meanwhile.
        unsafe { pointer.write(7) };
        assert_eq!(moved.items(), [0, 7, 0]);
        moved.items_mut()[2] = 8;
        // SAFETY: as above.
        assert_eq!(unsafe { moved.pointer(2).read() }, 8);
    }

    #[test]
    #[should_panic(expected = "item 3 of 3")]
    fn there_is_no_pointer_beyond_the_end() {
        Slab::new(0u8, 3).pointer(3);
    }
}

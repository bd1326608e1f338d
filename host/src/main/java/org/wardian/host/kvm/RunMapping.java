package org.wardian.host.kvm;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import org.wardian.host.Descriptor;

/**
 * The memory that a vCPU shares with the kernel. Device and loop code reads it by its raw address,
 * possibly while another thread closes the vCPU: so at the end zeroes take its place, which lets
 * the kernel's object go, and the addresses are given back when nobody can reach this object.
 */
final class RunMapping {
  private static final Cleaner CLEANER = Cleaner.create();

  private final long address;
  private final int size;
  private final MemorySegment segment;
  private boolean ended;

  @SuppressWarnings("restricted") // the kernel's mapping of this very size
  RunMapping(long address, int size) {
    this.address = address;
    this.size = size;
    this.segment = MemorySegment.ofAddress(address).reinterpret(size);
    CLEANER.register(this, () -> Descriptor.unmap(address, size));
  }

  long address() {
    return address;
  }

  int size() {
    return size;
  }

  /** The same memory, checked against its bounds, not against its end. */
  MemorySegment segment() {
    return segment;
  }

  /** Lets the kernel's memory go; false where that was done before. */
  synchronized boolean end() {
    if (ended) {
      return false;
    }
    ended = true;
    Descriptor.replaceByZeroes(address, size);
    return true;
  }
}

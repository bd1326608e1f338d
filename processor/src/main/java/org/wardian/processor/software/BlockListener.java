package org.wardian.processor.software;

/** Hears of translated code. */
@FunctionalInterface
public interface BlockListener {
  /**
   * A block was translated; called on the vCPU's thread.
   *
   * @param guest linear address of the block
   * @param host address of its code
   * @param bytes of its code
   * @param systemCallEntry where SYSCALL leads, which tells how far a kernel was moved from where
   *     it was linked; 0 while it has not said
   */
  void translated(long guest, long host, int bytes, long systemCallEntry);
}

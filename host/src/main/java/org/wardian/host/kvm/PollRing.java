package org.wardian.host.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.wardian.host.Descriptor;
import org.wardian.host.Errno;
import org.wardian.host.EventFd;
import org.wardian.host.HostException;
import org.wardian.host.SystemCall;

/**
 * An io_uring with one request: poll an event file for ever. Used by the thread that made it.
 * Sources: {@code io_uring_setup(2)}, {@code io_uring_enter(2)}, {@code
 * include/uapi/linux/io_uring.h}.
 */
final class PollRing implements AutoCloseable {
  /** System calls of x86-64, the same numbers on every architecture that KVM has. */
  private static final long IO_URING_SETUP = 425;

  private static final long IO_URING_ENTER = 426;

  /** {@code IORING_SETUP_CQSIZE}. Not COOP_TASKRUN, which would leave the thread in the guest. */
  private static final int SETUP_CQSIZE = 1 << 3;

  private static final int FEATURE_SINGLE_MMAP = 1;

  /** {@code IORING_FEAT_RSRC_TAGS}: of Linux 5.13, which brought polls that complete repeatedly. */
  private static final int FEATURE_RSRC_TAGS = 1 << 10;

  private static final int ENTRIES = 1;
  private static final int COMPLETIONS = 64;

  /** Offsets in {@code struct io_uring_params}, of its offset tables for both rings. */
  private static final int PARAMS_SIZE = 120;

  private static final int PARAMS_CQ_ENTRIES = 4;
  private static final int PARAMS_FLAGS = 8;
  private static final int PARAMS_FEATURES = 20;
  private static final int PARAMS_SQ_TAIL = 44;
  private static final int PARAMS_SQ_MASK = 48;
  private static final int PARAMS_SQ_ARRAY = 64;
  private static final int PARAMS_CQ_HEAD = 80;
  private static final int PARAMS_CQ_TAIL = 84;
  private static final int PARAMS_CQ_MASK = 88;
  private static final int PARAMS_CQ_CQES = 100;

  private static final long OFFSET_RINGS = 0;
  private static final long OFFSET_REQUESTS = 0x10000000;

  /** {@code struct io_uring_sqe}. */
  private static final int REQUEST_SIZE = 64;

  private static final int REQUEST_FD = 4;
  private static final int REQUEST_LEN = 24;
  private static final int REQUEST_POLL_EVENTS = 28;
  private static final int POLL_ADD = 6;
  private static final int POLL_ADD_MULTI = 1;
  private static final int POLLIN = 1;

  /** {@code struct io_uring_cqe}. */
  private static final int COMPLETION_SIZE = 16;

  private static final int COMPLETION_RESULT = 8;
  private static final int COMPLETION_FLAGS = 12;

  /** {@code IORING_CQE_F_MORE}: the request lives on. */
  private static final int MORE = 2;

  private static final VarHandle INT = JAVA_INT.varHandle();

  private final Descriptor file;
  private final long ringsSize;
  private final MemorySegment rings;
  private final MemorySegment requests;
  private final int head;
  private final int tail;
  private final int mask;
  private final int completions;
  private boolean armed;

  /**
   * Makes the ring and begins to poll, for the calling thread.
   *
   * @throws HostException where the kernel has no io_uring, or forbids it, or lacks repeated polls
   */
  PollRing(EventFd event) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment params = arena.allocate(PARAMS_SIZE, Long.BYTES);
      params.set(JAVA_INT, PARAMS_CQ_ENTRIES, COMPLETIONS);
      params.set(JAVA_INT, PARAMS_FLAGS, SETUP_CQSIZE);
      int fd = (int) SystemCall.invoke("io_uring_setup", IO_URING_SETUP, ENTRIES, params.address());
      file = Descriptor.adopt(fd, "the io_uring");
      int features = params.get(JAVA_INT, PARAMS_FEATURES);
      int needed = FEATURE_SINGLE_MMAP | FEATURE_RSRC_TAGS;
      if ((features & needed) != needed) {
        file.close();
        throw HostException.unsupported("io_uring with repeated polls", "it needs Linux 5.13");
      }
      int array = params.get(JAVA_INT, PARAMS_SQ_ARRAY);
      completions = params.get(JAVA_INT, PARAMS_CQ_CQES);
      ringsSize =
          Math.max(
              array + (long) ENTRIES * Integer.BYTES,
              completions + (long) params.get(JAVA_INT, PARAMS_CQ_ENTRIES) * COMPLETION_SIZE);
      rings = map(OFFSET_RINGS, ringsSize);
      requests = mapRequests();
      head = params.get(JAVA_INT, PARAMS_CQ_HEAD);
      tail = params.get(JAVA_INT, PARAMS_CQ_TAIL);
      mask = rings.get(JAVA_INT, params.get(JAVA_INT, PARAMS_CQ_MASK));
      try {
        arm(
            event,
            array,
            params.get(JAVA_INT, PARAMS_SQ_TAIL),
            rings.get(JAVA_INT, params.get(JAVA_INT, PARAMS_SQ_MASK)));
      } catch (HostException | IllegalStateException e) {
        close();
        throw e;
      }
    }
  }

  private MemorySegment map(long offset, long size) {
    try {
      return segment(file.map(offset, size), size);
    } catch (HostException e) {
      file.close();
      throw e;
    }
  }

  private MemorySegment mapRequests() {
    try {
      return segment(file.map(OFFSET_REQUESTS, REQUEST_SIZE), REQUEST_SIZE);
    } catch (HostException e) {
      Descriptor.unmap(rings.address(), ringsSize);
      file.close();
      throw e;
    }
  }

  @SuppressWarnings("restricted") // the kernel's mapping of this very size
  private static MemorySegment segment(long address, long size) {
    return MemorySegment.ofAddress(address).reinterpret(size);
  }

  private void arm(EventFd event, int array, int requestTail, int requestMask) {
    requests.fill((byte) 0);
    requests.set(JAVA_BYTE, 0, (byte) POLL_ADD);
    requests.set(JAVA_INT, REQUEST_FD, event.fd());
    requests.set(JAVA_INT, REQUEST_LEN, POLL_ADD_MULTI);
    requests.set(JAVA_INT, REQUEST_POLL_EVENTS, POLLIN);
    int at = rings.get(JAVA_INT, requestTail);
    rings.set(JAVA_INT, array + (long) (at & requestMask) * Integer.BYTES, 0);
    INT.setRelease(rings, (long) requestTail, at + 1);
    long submitted;
    do {
      submitted = SystemCall.result(IO_URING_ENTER, file.fd(), 1, 0, 0, 0, 0);
    } while (submitted == -Errno.EINTR);
    if (submitted != 1) {
      throw HostException.ofCall(
          "io_uring_enter", "1 request", submitted < 0 ? (int) -submitted : Errno.EAGAIN, "");
    }
    armed = true;
    consume();
    if (!armed) {
      throw HostException.unsupported("a poll request that repeats itself", "it needs Linux 5.13");
    }
  }

  /** Whether the poll request still lives. */
  boolean armed() {
    if ((int) INT.getAcquire(rings, (long) tail) != rings.get(JAVA_INT, head)) {
      consume();
    }
    return armed;
  }

  /** Takes the completions that are there. */
  void consume() {
    int from = rings.get(JAVA_INT, head);
    int to = (int) INT.getAcquire(rings, (long) tail);
    for (int i = from; i != to; i++) {
      long completion = completions + (long) (i & mask) * COMPLETION_SIZE;
      if (rings.get(JAVA_INT, completion + COMPLETION_RESULT) < 0
          || (rings.get(JAVA_INT, completion + COMPLETION_FLAGS) & MORE) == 0) {
        armed = false;
      }
    }
    INT.setRelease(rings, (long) head, to);
  }

  /** Ends the request and frees the ring. */
  @Override
  public void close() {
    Descriptor.unmap(requests.address(), REQUEST_SIZE);
    Descriptor.unmap(rings.address(), ringsSize);
    file.close();
  }
}

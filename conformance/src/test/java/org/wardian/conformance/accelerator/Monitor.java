package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import org.wardian.bus.IoHandler;
import org.wardian.processor.Exit;

/**
 * A guest that does one thing after the other as the test asks, in 64-bit mode: see {@code
 * monitor.S}. Between two commands the vCPU has returned, so that the test can change the machine;
 * but the processor state is not touched from outside, so that caches of translations live on.
 */
final class Monitor implements AutoCloseable {
  private static final int READ = 0;
  private static final int WRITE = 4;
  private static final int CALL = 8;
  private static final int ADD = 9;
  private static final int READ_MSR = 10;
  private static final int WRITE_MSR = 11;
  private static final int CPUID = 12;
  private static final int TIMESTAMP = 13;
  private static final int WRITE_CR3 = 14;
  private static final int INVALIDATE = 15;
  private static final int READ_CR8 = 16;
  private static final int WRITE_CR8 = 17;
  private static final int FILL = 18;
  private static final int RESULT = 0x20;
  private static final int FAULT = 0x40;

  final Guest guest;
  private final int[] command = new int[5];
  private final int[] results = new int[4];
  private int vector;
  private int error;

  private Monitor(Guest guest) {
    this.guest = guest;
    guest.platform.ports().map(GuestLayout.COMMAND_PORT, 0x48, new Ports());
    guest.enter(GuestMode.LONG, "monitor");
  }

  /** The monitor on a fresh machine. */
  static Monitor on(Accelerator accelerator) {
    return new Monitor(Guest.on(accelerator, "monitor"));
  }

  private final class Ports implements IoHandler {
    @Override
    public long read(long offset, int size) {
      return offset < 4 * command.length ? command[(int) offset / 4] : 0;
    }

    @Override
    public void write(long offset, int size, long value) {
      if (offset >= FAULT) {
        if (offset == FAULT) {
          vector = (int) value;
        } else {
          error = (int) value;
        }
      } else if (offset >= RESULT) {
        results[(int) (offset - RESULT) / 4] = (int) value;
      }
    }
  }

  /** An exception instead of a result. */
  record Fault(int vector, int error) {}

  /** Executes a command; null, or the exception that it raised. */
  private Fault execute(int operation, long address, long value) {
    command[0] = operation;
    command[1] = (int) address;
    command[2] = (int) (address >>> 32);
    command[3] = (int) value;
    command[4] = (int) (value >>> 32);
    vector = -1;
    guest.notDone();
    guest.expect(guest.run(), Exit.STOPPED);
    assertThat(guest.isDone()).as("the command is done").isTrue();
    return vector < 0 ? null : new Fault(vector, error);
  }

  private long succeed(int operation, long address, long value) {
    Fault fault = execute(operation, address, value);
    assertThat(fault).as("fault of command %d at %#x", operation, address).isNull();
    return results[0] & 0xffff_ffffL | (long) results[1] << 32;
  }

  private static int width(int size) {
    return Integer.numberOfTrailingZeros(size);
  }

  /** A load of 1, 2, 4 or 8 bytes. */
  long read(long address, int size) {
    return succeed(READ + width(size), address, 0);
  }

  /** A store of 1, 2, 4 or 8 bytes. */
  void write(long address, int size, long value) {
    succeed(WRITE + width(size), address, value);
  }

  /** A store that is to fault. */
  Fault writeFaults(long address, int size, long value) {
    return execute(WRITE + width(size), address, value);
  }

  /** LOCK ADD of 8 bytes. */
  void add(long address, long value) {
    succeed(ADD, address, value);
  }

  /** REP STOSB of 0xa5. */
  void fill(long address, long length) {
    succeed(FILL, address, length);
  }

  /** What the function at {@code address} returns in RAX. */
  long call(long address) {
    return succeed(CALL, address, 0);
  }

  /** RDMSR. */
  long readMsr(int index) {
    return succeed(READ_MSR, index, 0);
  }

  /** RDMSR that is to fault. */
  Fault readMsrFaults(int index) {
    return execute(READ_MSR, index, 0);
  }

  /** WRMSR. */
  void writeMsr(int index, long value) {
    succeed(WRITE_MSR, index, value);
  }

  /** WRMSR that is to fault. */
  Fault writeMsrFaults(int index, long value) {
    return execute(WRITE_MSR, index, value);
  }

  /** EAX, EBX, ECX, EDX of CPUID. */
  int[] cpuid(int leaf, int subleaf) {
    succeed(CPUID, leaf, subleaf);
    return results.clone();
  }

  /** RDTSC. */
  long timestamp() {
    return succeed(TIMESTAMP, 0, 0);
  }

  /** MOV to CR3, which forgets translations. */
  void loadPageTables(long root) {
    succeed(WRITE_CR3, 0, root);
  }

  /** INVLPG. */
  void invalidate(long address) {
    succeed(INVALIDATE, address, 0);
  }

  /** MOV from CR8. */
  long taskPriority() {
    return succeed(READ_CR8, 0, 0);
  }

  /** MOV to CR8. */
  void taskPriority(long value) {
    succeed(WRITE_CR8, 0, value);
  }

  @Override
  public void close() {
    guest.close();
  }
}

package org.wardian.host.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.wardian.host.CallFrame;
import org.wardian.host.Descriptor;
import org.wardian.host.Errno;
import org.wardian.host.HostException;

/**
 * A virtual processor. One thread at a time runs it, a platform thread, best always the same: the
 * kernel keeps more at hand for it. State may be read and written while it does not run; the kernel
 * makes other threads wait until it does not.
 *
 * <p>{@link #kick()} and {@link #close()} may be called from any thread at any time.
 */
public final class KvmCpu implements AutoCloseable {
  /** {@link #run()}: the guest left for the reason in the run page. */
  public static final int EXITED = 0;

  /** {@link #run()}: it was interrupted by {@link #kick()}, or a signal came. */
  public static final int KICKED = 1;

  /** {@link #run()}: the vCPU waits for a start-up interrupt and was woken; run it again. */
  public static final int AGAIN = 2;

  private static final int IDLE = 0;
  private static final int RUNNING = 1;
  private static final long CLOSE_RETRY_NANOS = 200_000;
  private static final int DEBUG_REGISTERS = 8;

  private static final VarHandle BYTE = JAVA_BYTE.varHandle();
  private static final VarHandle STATE;
  private static final VarHandle SENT;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      STATE = lookup.findVarHandle(KvmCpu.class, "state", int.class);
      SENT = lookup.findVarHandle(KvmCpu.class, "sent", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Descriptor file;
  private final int id;
  private final RunMapping mapping;
  private final int xsaveSize;
  private final Kick kick;

  /** Whether a thread is between the two ends of KVM_RUN. */
  @SuppressWarnings("unused") // by STATE
  private volatile int state;

  /** Whether the KVM_RUN in progress was sent a kick. */
  @SuppressWarnings("unused") // by SENT
  private volatile boolean sent;

  KvmCpu(Descriptor file, int id, long runPage, int runPageSize, int xsaveSize, Kick kick) {
    this.file = file;
    this.id = id;
    this.mapping = new RunMapping(runPage, runPageSize);
    this.xsaveSize = xsaveSize;
    this.kick = kick;
  }

  /** The identifier that it was made with. */
  public int id() {
    return id;
  }

  /**
   * Host address of {@code struct kvm_run}, see {@link RunPage}. It stays readable, as zeroes,
   * after {@link #close()}, as long as this object is reachable.
   */
  public long runPage() {
    return mapping.address();
  }

  /** Bytes that are mapped from {@link #runPage()} on. */
  public int runPageSize() {
    return mapping.size();
  }

  /**
   * {@code KVM_RUN}: runs the guest until it needs the monitor. Completes the port or MMIO access
   * of the exit before, also where it returns {@link #KICKED}. Allocates nothing.
   *
   * @return {@link #EXITED}, {@link #KICKED} or {@link #AGAIN}
   * @throws HostException where the vCPU cannot run, with the reason
   * @throws IllegalStateException where it is closed, or another thread runs it
   */
  public int run() {
    SENT.setVolatile(this, false);
    if (!STATE.compareAndSet(this, IDLE, RUNNING)) {
      throw new IllegalStateException(
          file.closed() ? file + " runs no more" : "another thread runs vCPU " + id);
    }
    int result;
    try {
      if (file.closed()) {
        throw new IllegalStateException(file + " runs no more");
      }
      kick.prepare();
      result = file.ioctl(Request.RUN.number, 0);
      if (result == -Errno.EINTR) {
        // Before the state says that nothing runs: a kick from here on is for the next run.
        BYTE.setVolatile(mapping.segment(), (long) RunPage.IMMEDIATE_EXIT, (byte) 0);
        kick.settle();
        return KICKED;
      }
    } finally {
      STATE.setVolatile(this, IDLE);
    }
    if (result >= 0) {
      return EXITED;
    }
    if (result == -Errno.EAGAIN) {
      return AGAIN;
    }
    throw Failure.ofRun(id, -result, fault(-result));
  }

  private String fault(int errno) {
    MemorySegment page = mapping.segment();
    if (errno != Errno.EFAULT
        || page.get(JAVA_INT, RunPage.EXIT_REASON) != RunPage.EXIT_MEMORY_FAULT) {
      return "";
    }
    return String.format(
        " at guest address 0x%x, %d bytes",
        page.get(JAVA_LONG, RunPage.MEMORY_FAULT_ADDRESS),
        page.get(JAVA_LONG, RunPage.MEMORY_FAULT_SIZE));
  }

  /**
   * From any thread: the {@link #run()} in progress, or the next one, returns {@link #KICKED} soon.
   * Several kicks may count as one. On a closed vCPU it does nothing.
   */
  public void kick() {
    BYTE.setVolatile(mapping.segment(), (long) RunPage.IMMEDIATE_EXIT, (byte) 1);
    // Either KVM_RUN reads the byte above after this, or its state is seen here.
    if ((int) STATE.getVolatile(this) == RUNNING && SENT.compareAndSet(this, false, true)) {
      kick.send();
    }
  }

  /** How a kick reaches a vCPU that is inside KVM_RUN, for the user. */
  public String kickMethod() {
    return kick.method();
  }

  /** Bytes that {@link #get} and {@link #set} of a structure transfer on this host. */
  public int size(CpuStructure what) {
    return what == CpuStructure.XSAVE ? xsaveSize : what.size();
  }

  /**
   * Reads a structure.
   *
   * @param to native memory of {@link #size} bytes
   */
  public void get(CpuStructure what, MemorySegment to) {
    Kvm.checked(to, size(what), what.header());
    boolean large = what == CpuStructure.XSAVE && xsaveSize > XsaveArea.SIZE;
    Kvm.call(file, large ? Request.GET_XSAVE2 : what.getter(), to, "vCPU " + id);
  }

  /**
   * Writes a structure.
   *
   * @param from native memory of {@link #size} bytes
   * @throws HostException where the kernel finds that it does not fit
   */
  public void set(CpuStructure what, MemorySegment from) {
    Kvm.checked(from, size(what), what.header());
    Kvm.call(file, what.setter(), from, "vCPU " + id);
  }

  /**
   * {@code KVM_GET_MSRS}.
   *
   * @param values where the values go, at least as many as indices
   * @return how many were read: the kernel stops at the first that it refuses
   */
  public int getMsrs(int[] indices, long[] values) {
    return MsrList.transfer(file, Request.GET_MSRS, indices, values, "vCPU " + id);
  }

  /**
   * {@code KVM_SET_MSRS}.
   *
   * @return how many were written: the kernel stops at the first that it refuses
   */
  public int setMsrs(int[] indices, long[] values) {
    return MsrList.transfer(file, Request.SET_MSRS, indices, values, "vCPU " + id);
  }

  /** {@code KVM_SET_CPUID2}: what CPUID answers in the guest. Before the first run. */
  public void cpuid(List<CpuidEntry> entries) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment list = CpuidList.write(arena, entries);
      Kvm.call(file, Request.SET_CPUID2, list, entries.size() + " leaves for vCPU " + id);
    }
  }

  /**
   * {@code KVM_INTERRUPT}: an external interrupt, where no interrupt chip is in the kernel.
   *
   * @param vector 0 to 255
   */
  public void interrupt(int vector) {
    MemorySegment irq = CallFrame.current().cleared(CallStructures.INTERRUPT_SIZE);
    irq.set(JAVA_INT, CallStructures.INTERRUPT_VECTOR, vector);
    Kvm.call(file, Request.INTERRUPT, irq, "vector " + vector + " for vCPU " + id);
  }

  /** {@code KVM_NMI}: a non-maskable interrupt. */
  public void nmi() {
    Kvm.call(file, Request.NMI, 0, "vCPU " + id);
  }

  /** {@code KVM_GET_TSC_KHZ}: the guest's time stamp frequency. */
  public int timestampKilohertz() {
    return Kvm.call(file, Request.GET_TSC_KHZ, 0, "vCPU " + id);
  }

  /**
   * {@code KVM_SET_TSC_KHZ}.
   *
   * @throws HostException where the processor cannot scale to it, {@link KvmCapability#TSC_CONTROL}
   */
  public void timestampKilohertz(int khz) {
    Kvm.call(file, Request.SET_TSC_KHZ, khz, khz + " kHz for vCPU " + id);
  }

  /**
   * {@code KVM_SET_GUEST_DEBUG}.
   *
   * @param control bits of {@link GuestDebug}, 0 ends it
   * @param debugRegisters DR0 and following, up to eight
   */
  public void guestDebug(int control, long... debugRegisters) {
    if (debugRegisters.length > DEBUG_REGISTERS) {
      throw new IllegalArgumentException(debugRegisters.length + " debug registers");
    }
    MemorySegment debug = CallFrame.current().cleared(CallStructures.GUEST_DEBUG_SIZE);
    debug.set(JAVA_INT, CallStructures.GUEST_DEBUG_CONTROL, control);
    for (int i = 0; i < debugRegisters.length; i++) {
      long at = CallStructures.GUEST_DEBUG_REGISTERS + (long) i * Long.BYTES;
      debug.set(JAVA_LONG, at, debugRegisters[i]);
    }
    Kvm.call(file, Request.SET_GUEST_DEBUG, debug, "control 0x" + Integer.toHexString(control));
  }

  /** {@code KVM_ENABLE_CAP} of this vCPU. */
  public void enableCapability(KvmCapability capability, long... arguments) {
    KvmVm.enable(file, capability, arguments);
  }

  /**
   * {@code KVM_KVMCLOCK_CTRL}: tells the guest that it was paused, so that it does not take the gap
   * for a hang.
   *
   * @throws HostException with EINVAL where the guest does not use the paravirtual clock
   */
  public void clockPaused() {
    Kvm.call(file, Request.KVMCLOCK_CTRL, 0, "vCPU " + id);
  }

  /**
   * Ends the vCPU: a {@link #run()} in progress returns {@link #KICKED}, every later call throws
   * {@link IllegalStateException}. Returns when nothing runs. A second call does nothing.
   */
  @Override
  public void close() {
    file.close();
    while (!STATE.compareAndSet(this, IDLE, RUNNING)) {
      SENT.setVolatile(this, false);
      kick();
      LockSupport.parkNanos(CLOSE_RETRY_NANOS);
    }
    try {
      if (mapping.end()) {
        kick.close();
      }
    } finally {
      STATE.setVolatile(this, IDLE);
    }
  }

  @Override
  public String toString() {
    return file.toString();
  }
}

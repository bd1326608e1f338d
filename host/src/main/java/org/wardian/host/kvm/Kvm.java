package org.wardian.host.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.wardian.host.Descriptor;
import org.wardian.host.Errno;
import org.wardian.host.HostException;
import org.wardian.host.HostProcessor;

/**
 * The kernel's virtual machine monitor: {@code /dev/kvm}. This package is its interface as {@code
 * Documentation/virt/kvm/api.rst} of the kernel describes it, without a policy of its own.
 *
 * <p>Every call may be made from any thread. A call that the kernel refuses throws a {@link
 * HostException} that names it, its argument, and what the user can do; a call after {@link
 * #close()} throws {@link IllegalStateException}.
 */
public final class Kvm implements AutoCloseable {
  /** Where the device is. */
  public static final Path DEVICE = Path.of("/dev/kvm");

  /** {@code KVM_API_VERSION}, the same since Linux 2.6.22. */
  public static final int API_VERSION = 12;

  private static final int FIRST_ENTRIES = 128;
  private static final int MOST_ENTRIES = 1 << 16;

  private final Descriptor file;

  private Kvm(Descriptor file) {
    this.file = file;
  }

  /**
   * Opens {@link #DEVICE}.
   *
   * @throws HostException with a remedy: no module, no permission, an unknown version
   */
  public static Kvm open() {
    return open(DEVICE);
  }

  /** Opens KVM by another name of its device. */
  public static Kvm open(Path device) {
    HostProcessor.Architecture architecture = HostProcessor.current().architecture();
    if (architecture != HostProcessor.Architecture.X86_64) {
      throw HostException.unsupported("KVM for x86 guests", "it needs an x86-64 host");
    }
    Descriptor file;
    try {
      file = Descriptor.open(device);
    } catch (HostException e) {
      throw e.errno() == 0 ? e : Failure.ofOpen(device, e.errno());
    }
    int version = file.ioctl(Request.GET_API_VERSION.number, 0);
    if (version == API_VERSION) {
      return new Kvm(file);
    }
    file.close();
    if (version < 0) {
      throw Failure.of(
          Request.GET_API_VERSION, device.toString(), -version, "this is not the device of KVM");
    }
    throw HostException.unsupported(
        "KVM with interface version " + API_VERSION,
        device + " speaks version " + version + ": use a kernel of 2.6.22 or later");
  }

  /** {@code KVM_CHECK_EXTENSION}: 0 where it is absent, else 1 or what the capability tells. */
  public int capability(KvmCapability capability) {
    return capability(file, capability);
  }

  static int capability(Descriptor file, KvmCapability capability) {
    return call(file, Request.CHECK_EXTENSION, capability.number(), capability.header());
  }

  /**
   * Fails unless all of {@code needed} are there.
   *
   * @throws HostException that names every one that is missing, its purpose, and the Linux version
   *     that brought it
   */
  public void require(KvmCapability... needed) {
    List<String> missing = new ArrayList<>();
    for (KvmCapability capability : needed) {
      if (capability(capability) == 0) {
        missing.add(
            capability.header()
                + " ("
                + capability.purpose()
                + ", since Linux "
                + capability.since()
                + ")");
      }
    }
    if (!missing.isEmpty()) {
      throw HostException.unsupported(
          String.join(", ", missing),
          "this kernel is " + System.getProperty("os.version") + ": use a later one");
    }
  }

  /** {@code KVM_GET_SUPPORTED_CPUID}: what the processor and KVM can give to a guest. */
  public List<CpuidEntry> supportedCpuid() {
    for (int room = FIRST_ENTRIES; ; room *= 2) {
      try (Arena arena = Arena.ofConfined()) {
        long size = CallStructures.CPUID_SIZE + (long) room * CallStructures.CPUID_ENTRY_SIZE;
        MemorySegment list = arena.allocate(size, Long.BYTES);
        list.set(ValueLayout.JAVA_INT, CallStructures.CPUID_COUNT, room);
        int result = file.ioctl(Request.GET_SUPPORTED_CPUID.number, list.address());
        if (result == 0) {
          return CpuidList.read(list);
        }
        if (result != -Errno.E2BIG || room >= MOST_ENTRIES) {
          throw Failure.of(Request.GET_SUPPORTED_CPUID, room + " entries", -result);
        }
      }
    }
  }

  /** {@code KVM_GET_MSR_INDEX_LIST}: the MSRs that are part of a vCPU's state. */
  public int[] msrIndices() {
    return indices(Request.GET_MSR_INDEX_LIST);
  }

  /** {@code KVM_GET_MSR_FEATURE_INDEX_LIST}: the MSRs that tell features of the processor. */
  public int[] featureMsrIndices() {
    return indices(Request.GET_MSR_FEATURE_INDEX_LIST);
  }

  private int[] indices(Request request) {
    for (int room = FIRST_ENTRIES; ; ) {
      try (Arena arena = Arena.ofConfined()) {
        long size = CallStructures.MSR_LIST_INDICES + (long) room * Integer.BYTES;
        MemorySegment list = arena.allocate(size, Long.BYTES);
        list.set(ValueLayout.JAVA_INT, CallStructures.MSR_LIST_COUNT, room);
        int result = file.ioctl(request.number, list.address());
        int count = list.get(ValueLayout.JAVA_INT, CallStructures.MSR_LIST_COUNT);
        if (result == 0) {
          return list.asSlice(CallStructures.MSR_LIST_INDICES, (long) count * Integer.BYTES)
              .toArray(ValueLayout.JAVA_INT);
        }
        if (result != -Errno.E2BIG || count <= room || count > MOST_ENTRIES) {
          throw Failure.of(request, room + " indices", -result);
        }
        room = count;
      }
    }
  }

  /**
   * The value of a feature MSR.
   *
   * @throws HostException where the kernel does not know it, {@link KvmCapability#GET_MSR_FEATURES}
   */
  public long featureMsr(int index) {
    long[] value = new long[1];
    if (MsrList.transfer(file, Request.GET_MSRS, new int[] {index}, value, "KVM") != 1) {
      throw Failure.of(
          Request.GET_MSRS,
          "feature MSR 0x" + Integer.toHexString(index),
          Errno.EINVAL,
          "this kernel does not have it among its features");
    }
    return value[0];
  }

  /** {@code KVM_CREATE_VM}: an empty virtual machine. */
  public KvmVm createVm() {
    int result;
    do {
      result = file.ioctl(Request.CREATE_VM.number, 0);
    } while (result == -Errno.EINTR);
    if (result < 0) {
      throw Failure.ofCreateVm(-result);
    }
    Descriptor vm = Descriptor.adopt(result, "the VM");
    try {
      int page = call(file, Request.GET_VCPU_MMAP_SIZE, 0, "");
      return new KvmVm(vm, page, capability(KvmCapability.CHECK_EXTENSION_VM) != 0 ? vm : file);
    } catch (HostException | IllegalStateException e) {
      vm.close();
      throw e;
    }
  }

  /** A request with a number for an argument, made again where a signal stopped it. */
  static int call(Descriptor file, Request request, long argument, String text) {
    int result;
    do {
      result = file.ioctl(request.number, argument);
    } while (result == -Errno.EINTR);
    if (result < 0) {
      throw Failure.of(request, text, -result);
    }
    return result;
  }

  /** A request with a structure for an argument. */
  static int call(Descriptor file, Request request, MemorySegment argument, String text) {
    try {
      return call(file, request, argument.address(), text);
    } finally {
      Reference.reachabilityFence(argument);
    }
  }

  /** Checks that the kernel may read or write {@code size} bytes there. */
  static MemorySegment checked(MemorySegment segment, long size, String structure) {
    if (!segment.isNative() || segment.byteSize() < size) {
      throw new IllegalArgumentException(
          structure + " needs native memory of " + size + " bytes, not " + segment);
    }
    return segment;
  }

  /** Closes the device; VMs live on. A second call does nothing. */
  @Override
  public void close() {
    file.close();
  }

  /** The path of the device. */
  @Override
  public String toString() {
    return file.name();
  }
}

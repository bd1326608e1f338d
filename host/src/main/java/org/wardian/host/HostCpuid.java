package org.wardian.host;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The CPUID instruction of the host's processor. It gives what the kernel does not tell: the
 * numbers of family and model in their own form, features without a name in {@code /proc/cpuinfo}.
 */
public final class HostCpuid implements AutoCloseable {
  private static final int ARGUMENTS = 2048;

  /**
   * With the address of six words in rdi, of which the first two are leaf and subleaf: push rbx;
   * mov eax, [rdi]; mov ecx, [rdi+4]; cpuid; mov [rdi+8..20], eax, ebx, ecx, edx; pop rbx; xor eax,
   * eax; ret.
   */
  private static final byte[] CODE = {
    0x53,
    (byte) 0x8b,
    0x07,
    (byte) 0x8b,
    0x4f,
    0x04,
    0x0f,
    (byte) 0xa2,
    (byte) 0x89,
    0x47,
    0x08,
    (byte) 0x89,
    0x5f,
    0x0c,
    (byte) 0x89,
    0x4f,
    0x10,
    (byte) 0x89,
    0x57,
    0x14,
    0x5b,
    0x31,
    (byte) 0xc0,
    (byte) 0xc3
  };

  private final Mapping code;
  private final NativeFunction function;

  private HostCpuid(Mapping code) {
    this.code = code;
    this.function = NativeFunction.at(code.address());
  }

  /** The instruction; empty where the host is no x86-64 or forbids code of our own. */
  public static Optional<HostCpuid> open() {
    if (HostProcessor.current().architecture() != HostProcessor.Architecture.X86_64
        || !HostProcessor.executableMemory().available()) {
      return Optional.empty();
    }
    Mapping code = Mapping.executable(4096);
    MemorySegment.copy(CODE, 0, code.segment(), JAVA_BYTE, 0, CODE.length);
    return Optional.of(new HostCpuid(code));
  }

  /**
   * Executes it.
   *
   * @return EAX, EBX, ECX and EDX
   */
  public synchronized int[] at(int leaf, int subleaf) {
    MemorySegment segment = code.segment();
    segment.set(JAVA_INT, ARGUMENTS, leaf);
    segment.set(JAVA_INT, ARGUMENTS + 4, subleaf);
    function.call(code.address() + ARGUMENTS);
    int[] registers = new int[4];
    for (int i = 0; i < 4; i++) {
      registers[i] = segment.get(JAVA_INT, ARGUMENTS + 8 + 4L * i);
    }
    return registers;
  }

  @Override
  public void close() {
    code.close();
  }
}

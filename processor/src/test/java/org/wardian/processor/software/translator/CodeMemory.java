package org.wardian.processor.software.translator;

import org.wardian.host.Mapping;
import org.wardian.host.NativeFunction;
import org.wardian.memory.RawMemory;

/** An assembler with memory of its own. */
final class CodeMemory implements AutoCloseable {
  private static final int SIZE = 1 << 18;

  final HostAssembler assembler = new HostAssembler();
  private final Mapping memory;

  /** Memory that can be executed, on hosts where it can. */
  static CodeMemory executable() {
    return new CodeMemory(Mapping.executable(SIZE));
  }

  static CodeMemory plain() {
    return new CodeMemory(Mapping.anonymous(SIZE));
  }

  private CodeMemory(Mapping memory) {
    this.memory = memory;
    start();
  }

  void start() {
    assembler.start(memory.address(), SIZE, memory.address());
  }

  long address() {
    return memory.address();
  }

  byte[] bytes() {
    byte[] bytes = new byte[assembler.offset()];
    RawMemory.copy(memory.address(), bytes, 0, bytes.length);
    return bytes;
  }

  /** Calls the code: RDI is the argument, RAX the result. */
  long call(long argument) {
    return NativeFunction.at(memory.address()).call(argument);
  }

  @Override
  public void close() {
    memory.close();
  }
}

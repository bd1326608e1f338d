package org.wardian.conformance.oracle;

/** Something that executes one instruction in user mode: the host's processor, or ours. */
public interface InstructionEngine extends AutoCloseable {
  /** Takes over the state before the instruction. */
  void load(CaseState in);

  /**
   * Executes one instruction, to its end or to its exception.
   *
   * @param instruction its bytes, placed at the loaded instruction pointer
   * @param codeSize 2, 4 or 8: the size of the code segment, as the loaded selectors say
   */
  Outcome execute(byte[] instruction, int codeSize);

  /** Gives the state after the instruction. After an exception it is the state of its frame. */
  void store(CaseState out);

  @Override
  void close();
}

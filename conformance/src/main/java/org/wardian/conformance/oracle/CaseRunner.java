package org.wardian.conformance.oracle;

import java.util.List;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;

/** Runs cases on two engines and compares. Belongs to the thread of its engines. */
final class CaseRunner implements AutoCloseable {
  private final InstructionEngine host;
  private final InstructionEngine ours;
  private final CpuModel model;
  private final Decoder decoder;
  private final Instruction instruction = new Instruction();
  private final CaseState before = new CaseState();
  private final CaseState hostAfter = new CaseState();
  private final CaseState ourAfter = new CaseState();
  private Outcome hostOutcome = Outcome.OK;
  private Outcome ourOutcome = Outcome.OK;

  CaseRunner(InstructionEngine host, InstructionEngine ours, CpuModel model) {
    this.host = host;
    this.ours = ours;
    this.model = model;
    this.decoder = new Decoder(model);
  }

  /** Runs one case; an empty list where the engines agree. */
  List<Comparison.Difference> run(OracleCase one) {
    one.materialize(before);
    byte[] bytes = one.instruction;
    if (decoder.decode(bytes, 0, bytes.length, one.codeSize, instruction) != Decoder.OK) {
      throw new IllegalArgumentException("not an instruction of the model");
    }
    host.load(before);
    hostOutcome = host.execute(bytes, one.codeSize);
    host.store(hostAfter);
    ours.load(before);
    ourOutcome = ours.execute(bytes, one.codeSize);
    ours.store(ourAfter);
    return Comparison.compare(instruction, before, hostOutcome, hostAfter, ourOutcome, ourAfter);
  }

  /** How the host ended the last case. */
  Outcome hostOutcome() {
    return hostOutcome;
  }

  /** A report of the last case. */
  String report(OracleCase one, List<Comparison.Difference> differences) {
    return CaseReport.text(one, before, hostOutcome, ourOutcome, differences, model);
  }

  /** The host's state after the last case. */
  CaseState hostAfter() {
    return hostAfter;
  }

  /** The state before the last case. */
  CaseState before() {
    return before;
  }

  @Override
  public void close() {
    host.close();
    ours.close();
  }
}

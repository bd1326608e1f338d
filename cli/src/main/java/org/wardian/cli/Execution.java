package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.Optional;
import org.wardian.host.HostException;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.machine.platform.Translator;
import org.wardian.machine.platform.TranslatorChoice;
import org.wardian.process.assembly.AcceleratorChoice;
import org.wardian.x86.CpuModel;

/**
 * Who executes a guest, how, and why.
 *
 * @param accelerator who
 * @param translation how our own processor does it; empty where it is not ours
 */
record Execution(AcceleratorChoice accelerator, Optional<TranslatorChoice> translation) {
  /**
   * Chooses how.
   *
   * @throws Failure if what was asked for cannot be had
   */
  static Execution of(AcceleratorChoice accelerator, Translator asked, CpuModel model) {
    if (accelerator.kind() != AcceleratorKind.SOFTWARE) {
      return new Execution(accelerator, Optional.empty());
    }
    try {
      return new Execution(accelerator, Optional.of(TranslatorChoice.of(asked, model)));
    } catch (HostException e) {
      throw new Failure(ExitStatus.UNAVAILABLE, e.getMessage(), e);
    }
  }

  AcceleratorKind kind() {
    return accelerator.kind();
  }

  /** What the machine is configured with. */
  Translator translator() {
    return translation.filter(TranslatorChoice::translated).isPresent()
        ? Translator.HOST
        : Translator.OFF;
  }

  /** For a person, a line each. */
  void print(PrintWriter err) {
    err.println("ward: accelerator " + kind() + ", because " + accelerator.reason());
    translation.ifPresent(
        choice -> err.println("ward: translator " + translator() + ", because " + choice.reason()));
  }

  /** For a program. */
  void describe(ObjectNode node) {
    node.put("accelerator", kind().toString());
    node.put("acceleratorReason", accelerator.reason());
    translation.ifPresent(choice -> {
      node.put("translator", translator().toString());
      node.put("translatorReason", choice.reason());
    });
  }
}

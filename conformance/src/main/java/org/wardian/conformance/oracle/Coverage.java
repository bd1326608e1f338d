package org.wardian.conformance.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Form;
import org.wardian.x86.InstructionTable;
import org.wardian.x86.Operation;

/** Which forms the oracle runs, and why it cannot run the others. */
public final class Coverage {
  private static final String SYSTEM_GUESTS = "system guests, compared with QEMU TCG";
  private static final String UNIT_TESTS = "unit tests of the software processor";

  private Coverage() {}

  /**
   * Why a form is not run.
   *
   * @param reason what stands against it
   * @param coveredBy what tests it instead
   */
  public record Exclusion(String reason, String coveredBy) {}

  /** Why the oracle does not run {@code form}, or empty where it does. */
  public static Optional<Exclusion> exclusion(Form form) {
    return Optional.ofNullable(of(form.operation()));
  }

  private static Exclusion of(Operation operation) {
    return switch (operation) {
      case SYSCALL, SYSENTER -> new Exclusion("would call the host's kernel", SYSTEM_GUESTS);
      case VMCALL, VMMCALL -> new Exclusion("would call the host's hypervisor", UNIT_TESTS);
      case CPUID -> new Exclusion("answers for the host's model", UNIT_TESTS);
      case RDTSC, RDTSCP, RDPMC, RDRAND ->
          new Exclusion("the answer is another one each time", UNIT_TESTS);
      case SGDT, SIDT, SLDT, SMSW, STR ->
          new Exclusion("UMIP: the host's kernel answers in their place", SYSTEM_GUESTS);
      case XGETBV -> new Exclusion("XCR0 is the host's", UNIT_TESTS);
      case XSAVE, XSAVEOPT, XRSTOR ->
          new Exclusion("the host has more state components, and tracks their use", UNIT_TESTS);
      case MONITOR, MWAIT ->
          new Exclusion("enabled at this privilege level by some hosts", SYSTEM_GUESTS);
      default -> null;
    };
  }

  /** The forms of {@code model} that the oracle runs. */
  public static List<Form> forms(CpuModel model) {
    List<Form> forms = new ArrayList<>();
    for (Form form : InstructionTable.forms()) {
      if (model.has(form) && exclusion(form).isEmpty()) {
        forms.add(form);
      }
    }
    return forms;
  }
}

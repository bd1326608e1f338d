package org.wardian.conformance.accelerator;

import java.lang.reflect.Method;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * Where a KVM that interprets guest code is known to deviate from the architecture. Such a KVM is
 * recognised by what it does ({@link InterpretingKvm}); a deviation by the test that it makes fail
 * and by what that test then says. On a KVM in hardware this table is not looked at.
 *
 * <p>What is listed was seen on Linux 6.18 with the module {@code kvm_pvm}, which interprets the
 * guest's kernel and gives its user programs in 64-bit mode to the processor.
 */
final class KvmDeviations {
  private static final String UNKNOWN_INSTRUCTION =
      "its emulator does not know this instruction outside user mode";
  private static final String NO_IRET = "its emulator does not know IRET in protected mode";
  private static final String NO_PAGING = "it knows paging in 64-bit mode only";
  private static final String ALWAYS_DOUBLE =
      "a fault while it delivers an event is always a double fault";
  private static final String NO_DEBUG_REGISTERS =
      "it keeps debug registers but does not act on them";
  private static final String IN_BATCHES =
      "it looks for interrupts only between batches of instructions";
  private static final String NOTHING_IN_SERVICE =
      "its local APIC does not keep what is in service, and so takes the next too early";
  private static final String CPUID_OF_THE_HOST = "it mixes the host's features into CPUID";

  private static final String NO_EVENT = "\\[[^\\]]*events taken.*Expecting actual:\\s+0\\s.*";
  private static final String LATE = "\\[not after\\].*";
  private static final String MODE = "this KVM makes CR0 0x10033 of 0x80010033: .*";

  private static final List<Deviation> ALL =
      List.of(
          of("ExceptionsTest.kernel", "icebp", unknown("f1"), UNKNOWN_INSTRUCTION),
          of("ExceptionsTest.kernel", "breakpoint", unknown("cc"), UNKNOWN_INSTRUCTION),
          of("ExceptionsTest.kernel", "INT 4", unknown("cd 04"), UNKNOWN_INSTRUCTION),
          of("ExceptionsTest.kernel", "INT 0x50", unknown("cd 50"), UNKNOWN_INSTRUCTION),
          of("ExceptionsTest.kernel", "bad task", vectors(8, 10), ALWAYS_DOUBLE),
          of("ExceptionsTest.kernel", "a gate that is not", vectors(8, 11), ALWAYS_DOUBLE),
          of(
              "ExceptionsTest.user",
              "INT 0x50",
              vectors(6, 80) + "|" + vectors(6, 13),
              "INT n is an undefined instruction to user programs, but for 3 and 4"),
          of(
              "ExceptionsTest.user",
              "no coprocessor user",
              NO_EVENT,
              "it does not heed CR0.TS in user mode"),
          of("ExceptionsTest.protectedMode", "breakpoint", unknown("cc"), UNKNOWN_INSTRUCTION),
          of("ExceptionsTest.protectedMode", "overflow", unknown("ce"), UNKNOWN_INSTRUCTION),
          of("ExceptionsTest.protectedMode", "bound", unknown("62"), UNKNOWN_INSTRUCTION),
          of("ExceptionsTest.protectedMode", "write to an absent page", MODE, NO_PAGING),
          of("PortsTest.portsOfEachWidthInPagedProtectedMode", "", MODE, NO_PAGING),
          of("MmioTest.widthsInPagedProtectedMode", "", MODE, NO_PAGING),
          of(
              "PortsTest.portsInUserModeByPrivilegeLevelAlone",
              "",
              ".*TRIPLE_FAULT instead of STOPPED.*",
              "it does not heed IOPL in user mode, only the task state's bitmap"),
          of("MessagesTest.popfHasNoShadow", "", LATE, IN_BATCHES),
          of("MessagesTest.oneInstructionAfterStiComesFirst", "", LATE, IN_BATCHES),
          of("MessagesTest.oneInstructionAfterMovToSsComesFirst", "", LATE, IN_BATCHES),
          of("MessagesTest.aMessageInProtectedMode", "", unknown("cf"), NO_IRET),
          of(
              "MessagesTest.anInterruptInServiceHoldsBackLowerOnes",
              "",
              "\\[in service\\].*expected: 2\\s.*was: 0\\s*",
              NOTHING_IN_SERVICE),
          of(
              "PinsTest.aLevelComesAgainUntilTheDeviceIsServed",
              "",
              ".*Expecting actual:\\s+\\[105, 105, 105, 105\\].*",
              NOTHING_IN_SERVICE),
          of("DebugRegistersTest.aBreakpointInUserMode", "", NO_EVENT, NO_DEBUG_REGISTERS),
          of("DebugRegistersTest.aWatchpointInUserMode", "", NO_EVENT, NO_DEBUG_REGISTERS),
          of(
              "DebugRegistersTest.aWatchpointOfReadsComesBehindTheInstruction",
              "",
              NO_EVENT,
              NO_DEBUG_REGISTERS),
          of(
              "DebugRegistersTest.aWatchpointOfWritesComesBehindTheInstruction",
              "",
              NO_EVENT,
              NO_DEBUG_REGISTERS),
          of("CpuidTest.featuresAreThoseOfTheModel", "", "\\[told but not.*", CPUID_OF_THE_HOST),
          of("CpuidTest.oneProcessorIsThere", "", "\\[several processors.*", CPUID_OF_THE_HOST),
          of(
              "MsrTest.memoryTypesThatCannotBeAreFaults",
              "",
              "\\[memory type 2\\].*was: null\\s*",
              "it takes any value for IA32_PAT"),
          of(
              "TimeTest.theTimestampCounterGoesOnFromWhatIsWritten",
              "",
              "\\[by the guest\\].*",
              "it cannot offset the time-stamp counter"),
          of("MovedCalculationTest.protectedMode", "", unknown("cf"), NO_IRET),
          of(
              "MovedEventsTest.withALevelInService",
              "",
              "\\[in service\\].*was: 0\\s*|.*Expecting actual:\\s+\\[105, 105, 105\\].*",
              NOTHING_IN_SERVICE));

  private KvmDeviations() {}

  /**
   * One deviation.
   *
   * @param test class and method
   * @param name how the display name begins
   * @param seen what the whole failure says
   * @param reason why
   */
  private record Deviation(String test, String name, Pattern seen, String reason) {
    boolean matches(String method, String displayName, String failure) {
      return test.equals(method) && displayName.startsWith(name) && seen.matcher(failure).matches();
    }
  }

  private static Deviation of(String test, String name, String seen, String reason) {
    return new Deviation(test, name, Pattern.compile(seen, Pattern.DOTALL), reason);
  }

  /** KVM gave up at an instruction whose first bytes are these. */
  private static String unknown(String bytes) {
    return ".*FAILED instead of STOPPED\\s.*KVM_INTERNAL_ERROR_EMULATION.*fetched: "
        + bytes
        + " .*";
  }

  /** Another vector was taken. */
  private static String vectors(int taken, int expected) {
    return "\\[vectors\\].*actual:\\s+\\[%d\\].*in same order\\):\\s+\\[%d\\].*"
        .formatted(taken, expected);
  }

  /** Turns exactly the failures of the table into aborted tests. */
  static final class Judge implements TestExecutionExceptionHandler {
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure)
        throws Throwable {
      if (failure instanceof TestAbortedException || !context.getDisplayName().contains("KVM")) {
        throw failure;
      }
      Method method = context.getRequiredTestMethod();
      String name = method.getDeclaringClass().getSimpleName() + "." + method.getName();
      for (Deviation deviation : ALL) {
        if (deviation.matches(name, context.getDisplayName(), String.valueOf(failure.getMessage()))
            && InterpretingKvm.found()) {
          throw new TestAbortedException(
              "this KVM interprets guest code, and " + deviation.reason(), failure);
        }
      }
      throw failure;
    }
  }
}

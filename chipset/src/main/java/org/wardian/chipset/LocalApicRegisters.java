package org.wardian.chipset;

import static org.wardian.chipset.ApicRegister.DIVIDE_WRITABLE;
import static org.wardian.chipset.ApicRegister.ICR_WRITABLE;
import static org.wardian.chipset.ApicRegister.LVT_LINT0;
import static org.wardian.chipset.ApicRegister.LVT_LINT1;
import static org.wardian.chipset.ApicRegister.LVT_MASKED;
import static org.wardian.chipset.ApicRegister.LVT_REMOTE_IRR;
import static org.wardian.chipset.ApicRegister.LVT_TIMER;
import static org.wardian.chipset.ApicRegister.SVR_WRITABLE;
import static org.wardian.chipset.ApicRegister.lvtWritable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * All registers of a local APIC at one moment (Intel SDM vol. 3, chapter "Advanced Programmable
 * Interrupt Controller"), whoever implements the chip. Bits that do not exist are dropped, and what
 * cannot be told from outside has one form: in x2APIC mode the logical destination and its format,
 * outside of its timer mode a count or a deadline.
 *
 * <p>The levels of the two local interrupt pins are not here: they belong to who drives the wires.
 *
 * @param base IA32_APIC_BASE
 * @param id the 8-bit ID of xAPIC mode; in x2APIC mode the low 8 bits of the processor's
 * @param taskPriority TPR, 8 bits
 * @param logicalDestination LDR of xAPIC mode
 * @param destinationFormat DFR of xAPIC mode
 * @param spurious SVR
 * @param errorStatus ESR as a read shows it
 * @param newErrors the errors since ESR was last written, which its next write will show
 * @param interruptCommand ICR, 64 bits
 * @param localVectors the six entries of the local vector table, from that of the timer on in the
 *     order of their offsets
 * @param inService ISR: eight words of 32 vectors
 * @param triggerMode TMR, likewise
 * @param requested IRR, likewise
 * @param externalRequested whether an ExtINT came by message and waits for its acknowledgement
 * @param divideConfiguration the timer's divide configuration
 * @param initialCount the timer's initial count
 * @param currentCount the timer's current count; 0 when it does not run
 * @param deadline IA32_TSC_DEADLINE
 */
public record LocalApicRegisters(
    long base,
    int id,
    int taskPriority,
    int logicalDestination,
    int destinationFormat,
    int spurious,
    int errorStatus,
    int newErrors,
    long interruptCommand,
    List<Integer> localVectors,
    List<Integer> inService,
    List<Integer> triggerMode,
    List<Integer> requested,
    boolean externalRequested,
    int divideConfiguration,
    int initialCount,
    int currentCount,
    long deadline) {
  private static final int STATE_VERSION = 1;
  private static final int ENTRIES = 6;
  private static final int WORDS = 8;
  private static final int ONE_SHOT = 0;
  private static final int PERIODIC = 1;
  private static final int TSC_DEADLINE = 2;

  /**
   * Brings the values into the form described above.
   *
   * @throws IllegalArgumentException if a list has not the length that it must have
   */
  public LocalApicRegisters {
    boolean x2apic = (base & LocalApic.BASE_X2APIC) != 0;
    id &= 0xff;
    taskPriority &= 0xff;
    logicalDestination = x2apic ? 0 : logicalDestination & 0xff000000;
    destinationFormat = x2apic ? -1 : destinationFormat | 0x0fffffff;
    spurious &= SVR_WRITABLE;
    errorStatus &= 0xff;
    newErrors &= 0xff;
    interruptCommand &= 0xffffffff_00000000L | ICR_WRITABLE;
    localVectors = existing(localVectors);
    inService = words(inService);
    triggerMode = words(triggerMode);
    requested = words(requested);
    divideConfiguration &= DIVIDE_WRITABLE;
    int mode = localVectors.getFirst() >>> 17 & 3;
    boolean fits = Integer.compareUnsigned(currentCount, initialCount) <= 0;
    currentCount = mode > PERIODIC ? 0 : fits ? currentCount : initialCount;
    deadline = mode == TSC_DEADLINE ? deadline : 0;
  }

  /** The same with another current count of the timer. */
  public LocalApicRegisters withCurrentCount(int count) {
    return new LocalApicRegisters(
        base,
        id,
        taskPriority,
        logicalDestination,
        destinationFormat,
        spurious,
        errorStatus,
        newErrors,
        interruptCommand,
        localVectors,
        inService,
        triggerMode,
        requested,
        externalRequested,
        divideConfiguration,
        initialCount,
        count,
        deadline);
  }

  private static List<Integer> existing(List<Integer> entries) {
    if (entries.size() != ENTRIES) {
      throw new IllegalArgumentException(entries.size() + " local vector table entries");
    }
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < ENTRIES; i++) {
      int offset = LVT_TIMER + 0x10 * i;
      boolean pin = offset == LVT_LINT0 || offset == LVT_LINT1;
      all.add(entries.get(i) & (lvtWritable(offset) | (pin ? LVT_REMOTE_IRR : 0)));
    }
    return List.copyOf(all);
  }

  private static List<Integer> words(List<Integer> words) {
    if (words.size() != WORDS) {
      throw new IllegalArgumentException(words.size() + " words of vectors");
    }
    return List.copyOf(words);
  }

  /**
   * The registers after the platform's reset.
   *
   * @param id the initial APIC ID, 0 to 254
   * @param bootstrap whether this is the bootstrap processor. Its LINT0 begins as ExtINT, unmasked,
   *     as firmware leaves it for the PIC (Intel MultiProcessor Specification §3.6.2.2)
   */
  public static LocalApicRegisters reset(int id, boolean bootstrap) {
    List<Integer> entries = new ArrayList<>(Collections.nCopies(ENTRIES, LVT_MASKED));
    if (bootstrap) {
      entries.set((LVT_LINT0 - LVT_TIMER) >> 4, ApicMessage.EXTINT << 8);
    }
    return initial(
        LocalApic.DEFAULT_BASE
            | LocalApic.BASE_ENABLED
            | (bootstrap ? LocalApic.BASE_BOOTSTRAP : 0),
        id,
        entries);
  }

  /** The registers after INIT; IA32_APIC_BASE and with it the mode are kept. */
  static LocalApicRegisters initial(long base, int id) {
    return initial(base, id, Collections.nCopies(ENTRIES, LVT_MASKED));
  }

  private static LocalApicRegisters initial(long base, int id, List<Integer> entries) {
    List<Integer> none = Collections.nCopies(WORDS, 0);
    return new LocalApicRegisters(
        base, id, 0, 0, -1, 0xff, 0, 0, 0, entries, none, none, none, false, 0, 0, 0, 0);
  }

  /** Whether the timer is in one-shot mode. */
  public boolean oneShot() {
    return timerMode() == ONE_SHOT;
  }

  /** Whether the timer is in periodic mode. */
  public boolean periodic() {
    return timerMode() == PERIODIC;
  }

  int timerMode() {
    return localVectors.getFirst() >>> 17 & 3;
  }

  boolean timerMasked() {
    return (localVectors.getFirst() & LVT_MASKED) != 0;
  }

  /**
   * Writes the record of the chip.
   *
   * @param name the device's name
   */
  public void save(String name, StateWriter out) {
    out.begin(name, STATE_VERSION);
    out.writeLong(base);
    out.writeInts(
        new int[] {
          id,
          taskPriority,
          logicalDestination,
          destinationFormat,
          spurious,
          errorStatus,
          newErrors,
          divideConfiguration,
          initialCount,
          currentCount
        });
    out.writeLong(interruptCommand);
    for (List<Integer> list : List.of(localVectors, inService, triggerMode, requested)) {
      out.writeInts(list.stream().mapToInt(Integer::intValue).toArray());
    }
    out.writeBoolean(externalRequested);
    out.writeLong(deadline);
    out.end();
  }

  /**
   * Reads the record of the chip.
   *
   * @param name the device's name
   * @throws StateException if it is not such a record, or its IA32_APIC_BASE cannot be
   */
  public static LocalApicRegisters load(String name, StateReader in) {
    in.begin(name, STATE_VERSION);
    long base = in.readLong();
    int[] registers = new int[10];
    in.readInts(registers);
    long interruptCommand = in.readLong();
    List<Integer> entries = read(in, ENTRIES);
    List<Integer> inService = read(in, WORDS);
    List<Integer> triggerMode = read(in, WORDS);
    List<Integer> requested = read(in, WORDS);
    boolean externalRequested = in.readBoolean();
    long deadline = in.readLong();
    in.end();
    if ((base & (LocalApic.BASE_X2APIC | LocalApic.BASE_ENABLED)) == LocalApic.BASE_X2APIC) {
      throw new StateException(name + " is in x2APIC mode and disabled");
    }
    return new LocalApicRegisters(
        base,
        registers[0],
        registers[1],
        registers[2],
        registers[3],
        registers[4],
        registers[5],
        registers[6],
        interruptCommand,
        entries,
        inService,
        triggerMode,
        requested,
        externalRequested,
        registers[7],
        registers[8],
        registers[9],
        deadline);
  }

  private static List<Integer> read(StateReader in, int length) {
    int[] values = new int[length];
    in.readInts(values);
    return Arrays.stream(values).boxed().toList();
  }
}

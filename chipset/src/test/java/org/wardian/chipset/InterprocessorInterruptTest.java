package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.bus.ManualTimers;

/** Who receives what is written to the interrupt command register. */
class InterprocessorInterruptTest {
  private static final int ASSERT = 1 << 14;
  private static final int LEVEL = 1 << 15;
  private static final int LOGICAL = 1 << 11;
  private static final int SELF = 1 << 18;
  private static final int ALL = 2 << 18;
  private static final int OTHERS = 3 << 18;
  private static final int LOWEST = ApicMessage.LOWEST_PRIORITY << 8;
  private static final int NMI = ApicMessage.NMI << 8;
  private static final int INIT = ApicMessage.INIT << 8;
  private static final int STARTUP = ApicMessage.STARTUP << 8;

  private final ManualTimers timers = new ManualTimers();
  private final List<TestProcessor> processors = new ArrayList<>();

  private void machine(int count, boolean x2apic) {
    ApicBus bus = new ApicBus();
    for (int id = 0; id < count; id++) {
      TestProcessor processor = new TestProcessor(id, bus, timers).enabled();
      processors.add(x2apic ? processor.x2apic() : processor);
    }
  }

  /** IDs of the processors with something to take, which they take. */
  private List<Integer> receivers() {
    List<Integer> ids = new ArrayList<>();
    for (TestProcessor processor : processors) {
      processor.takeAll().forEach(vector -> ids.add(processor.apic.id()));
    }
    return ids;
  }

  private TestProcessor cpu(int id) {
    return processors.get(id);
  }

  @Test
  void physicalDestinationNamesOne() {
    machine(4, false);
    cpu(0).send(2, ASSERT | 0x41);
    assertThat(receivers()).containsExactly(2);
    cpu(2).send(2, ASSERT | 0x41);
    assertThat(receivers()).containsExactly(2);
    cpu(0).send(9, ASSERT | 0x41);
    assertThat(receivers()).isEmpty();
  }

  @Test
  void physicalBroadcast() {
    machine(3, false);
    cpu(1).send(0xff, ASSERT | 0x41);
    assertThat(receivers()).containsExactly(0, 1, 2);
  }

  @Test
  void shorthands() {
    machine(3, false);
    cpu(1).send(0, SELF | ASSERT | 0x41);
    assertThat(receivers()).containsExactly(1);
    cpu(1).send(0, ALL | ASSERT | 0x41);
    assertThat(receivers()).containsExactly(0, 1, 2);
    cpu(1).send(0, OTHERS | ASSERT | 0x41);
    assertThat(receivers()).containsExactly(0, 2);
  }

  @Test
  void flatLogicalDestinationIsAMask() {
    machine(4, false);
    processors.forEach(p -> p.write(ApicRegister.LDR, 1 << 24 + p.apic.id()));
    cpu(0).send(0b1010, LOGICAL | ASSERT | 0x41);
    assertThat(receivers()).containsExactly(1, 3);
    cpu(0).send(0xff, LOGICAL | ASSERT | 0x41);
    assertThat(receivers()).containsExactly(0, 1, 2, 3);
  }

  @Test
  void clusterLogicalDestinationIsAClusterAndAMask() {
    machine(4, false);
    for (TestProcessor p : processors) {
      p.write(ApicRegister.DFR, 0x0fffffff);
      p.write(ApicRegister.LDR, (p.apic.id() / 2 << 4 | 1 << p.apic.id() % 2) << 24);
    }
    cpu(0).send(0x13, LOGICAL | ASSERT | 0x41);
    assertThat(receivers()).containsExactly(2, 3);
    cpu(0).send(0x02, LOGICAL | ASSERT | 0x41);
    assertThat(receivers()).containsExactly(1);
  }

  @Test
  void x2apicPhysicalDestinationHas32Bits() {
    machine(64, true);
    cpu(0).send(63, ASSERT | 0x41);
    assertThat(receivers()).containsExactly(63);
    cpu(0).send(0xff, ASSERT | 0x41);
    assertThat(receivers()).isEmpty();
    cpu(0).send(-1, ASSERT | 0x41);
    assertThat(receivers()).hasSize(64);
  }

  @Test
  void x2apicLogicalDestinationIsAClusterAndAMask() {
    machine(64, true);
    cpu(0).send(0x0002_8001, LOGICAL | ASSERT | 0x41);
    assertThat(receivers()).containsExactly(32, 47);
  }

  @Test
  void x2apicSelfInterrupt() {
    machine(2, true);
    cpu(1).apic.writeMsr(0x83f, 0x41);
    assertThat(receivers()).containsExactly(1);
    cpu(1).apic.writeMsr(0x83f, 3);
    cpu(1).write(ApicRegister.ESR, 0);
    assertThat(cpu(1).read(ApicRegister.ESR)).isEqualTo(0x20);
  }

  @Test
  void lowestPriorityGoesToOneAndTakesTurns() {
    machine(3, false);
    processors.forEach(p -> p.write(ApicRegister.LDR, 1 << 24 + p.apic.id()));
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      cpu(0).send(0x7, LOGICAL | LOWEST | ASSERT | 0x41);
      List<Integer> receivers = receivers();
      assertThat(receivers).hasSize(1);
      all.addAll(receivers);
    }
    assertThat(all).containsExactlyInAnyOrder(0, 0, 1, 1, 2, 2);
  }

  @Test
  void lowestPriorityAvoidsABusyProcessor() {
    machine(2, false);
    processors.forEach(p -> p.write(ApicRegister.LDR, 1 << 24 + p.apic.id()));
    cpu(1).apic.taskPriority(2);
    for (int i = 0; i < 4; i++) {
      cpu(0).send(0x3, LOGICAL | LOWEST | ASSERT | 0x41);
      assertThat(receivers()).containsExactly(0);
    }
  }

  @Test
  void nmiInitAndStartupReachTheProcessor() {
    machine(2, false);
    cpu(0).send(1, NMI | ASSERT);
    cpu(0).send(1, INIT | ASSERT | LEVEL);
    cpu(0).send(1, INIT | LEVEL);
    cpu(0).send(1, STARTUP | ASSERT | 0x9a);
    assertThat(cpu(1).events).containsExactly("nmi", "init", "startup 154");
    assertThat(cpu(0).events).isEmpty();
  }

  @Test
  void initToAllSparesTheSender() {
    machine(3, false);
    cpu(0).send(0, ALL | INIT | ASSERT);
    cpu(0).send(0, OTHERS | STARTUP | ASSERT | 8);
    cpu(0).send(0, SELF | INIT | ASSERT);
    assertThat(cpu(0).events).isEmpty();
    assertThat(cpu(1).events).containsExactly("init", "startup 8");
    assertThat(cpu(2).events).containsExactly("init", "startup 8");
  }

  @Test
  void theCommandReadsBackIdle() {
    machine(1, false);
    cpu(0).send(0, ASSERT | 1 << 12 | 0x41);
    assertThat(cpu(0).read(ApicRegister.ICR_LOW)).isEqualTo(ASSERT | 0x41);
    assertThat(cpu(0).read(ApicRegister.ICR_HIGH)).isZero();
  }

  @Test
  void aDisabledApicReceivesNothing() {
    machine(2, false);
    cpu(1).apic.writeMsr(0x1b, 0xfee00000L);
    cpu(0).send(0, ALL | ASSERT | 0x41);
    cpu(0).send(1, NMI | ASSERT);
    assertThat(receivers()).containsExactly(0);
    assertThat(cpu(1).events).isEmpty();
  }
}

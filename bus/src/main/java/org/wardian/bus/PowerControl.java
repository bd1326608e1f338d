package org.wardian.bus;

/** What a device asks of the machine. Any thread; each method returns at once. */
public interface PowerControl {

  /** Turn the machine off (ACPI S5). */
  void powerOff();

  /** Reset the whole machine. */
  void reset();

  /** End the machine with a process status, 0 to 255 (the test device's exit port). */
  void exit(int status);

  /** Suspend the machine (ACPI sleep states below S5). */
  void suspend();
}

package org.wardian.cli.console;

/** What a user at the console can do to the machine. Any thread. */
public interface MachineControls {
  /** Nothing happens. */
  MachineControls NONE =
      new MachineControls() {
        @Override
        public void stop() {}

        @Override
        public void pressPowerButton() {}

        @Override
        public String information() {
          return "";
        }
      };

  /** Ends the machine; called at most once, and returns at once. */
  void stop();

  /** Presses the machine's power button. */
  void pressPowerButton();

  /** Lines that tell how the machine is, each ended by a line feed. */
  String information();
}

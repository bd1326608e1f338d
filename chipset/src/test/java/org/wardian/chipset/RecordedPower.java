package org.wardian.chipset;

import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.PowerControl;

/** What devices have asked of the machine. */
final class RecordedPower implements PowerControl {
  final List<String> requests = new ArrayList<>();

  @Override
  public void powerOff() {
    requests.add("off");
  }

  @Override
  public void reset() {
    requests.add("reset");
  }

  @Override
  public void exit(int status) {
    requests.add("exit " + status);
  }

  @Override
  public void suspend() {
    requests.add("suspend");
  }
}

package org.wardian.machine.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.wardian.bus.Device;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;

/** Hostile records are refused as such, or give the kernel's chips a state that can be saved. */
class KernelChipFuzzTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 4000);

  @Test
  void mutatedRecords() {
    try (ChipGuest guest = new ChipGuest(ChipGuest.WAIT)) {
      SplittableRandom random = new SplittableRandom(8);
      List<Device> devices = guest.devices();
      List<byte[]> records = devices.stream().map(ChipGuest::record).toList();
      int refused = 0;
      int accepted = 0;
      for (int i = 0; i < ITERATIONS; i++) {
        int index = i % devices.size();
        byte[] state = records.get(index).clone();
        for (int n = random.nextInt(1, 6); n > 0; n--) {
          state[random.nextInt(state.length)] = (byte) random.nextInt();
        }
        try {
          devices.get(index).load(new StateReader(state));
          accepted++;
        } catch (StateException e) {
          refused++;
        }
        // Whatever it has now is a state again.
        ChipGuest.load(devices.get(index), ChipGuest.record(devices.get(index)));
      }
      assertThat(refused).isPositive();
      assertThat(accepted).isPositive();
      for (int index = 0; index < devices.size(); index++) {
        ChipGuest.load(devices.get(index), records.get(index));
        assertThat(ChipGuest.record(devices.get(index)))
            .as(devices.get(index).name())
            .isEqualTo(records.get(index));
      }
    }
  }
}

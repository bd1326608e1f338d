package org.wardian.chipset;

import org.wardian.bus.Device;
import org.wardian.bus.IoHandler;
import org.wardian.bus.PowerControl;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The A20 gate and system control port A (0x92), which has the fast gate and the fast reset (IBM
 * PS/2 hardware interface reference). Address line 20 passes when either the keyboard controller or
 * port A lets it. It is open after reset, as firmware leaves it, and the processors of this machine
 * ignore it: no guest of the last decades closes it.
 */
public final class A20Gate implements Device {
  /** System control port A. */
  public static final int PORT_A = 0x92;

  private static final int STATE_VERSION = 1;
  private static final int FAST_RESET = 0x01;
  private static final int FAST_A20 = 0x02;

  private final PowerControl power;
  private int portA = FAST_A20;
  private boolean keyboardController = true;

  /** Makes the gate, open. */
  public A20Gate(PowerControl power) {
    this.power = power;
  }

  @Override
  public String name() {
    return "a20";
  }

  @Override
  public synchronized void reset() {
    portA = FAST_A20;
    keyboardController = true;
  }

  /** Whether address line 20 passes. */
  public synchronized boolean enabled() {
    return keyboardController || (portA & FAST_A20) != 0;
  }

  synchronized void keyboardController(boolean open) {
    keyboardController = open;
  }

  /** Port 0x92. */
  public IoHandler portA() {
    return new BytePort() {
      @Override
      int read() {
        return readPortA();
      }

      @Override
      void write(int value) {
        writePortA(value);
      }
    };
  }

  private synchronized int readPortA() {
    return portA;
  }

  private synchronized void writePortA(int value) {
    boolean reset = (value & ~portA & FAST_RESET) != 0;
    portA = value;
    if (reset) {
      power.reset();
    }
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeByte(portA);
    out.writeBoolean(keyboardController);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    portA = in.readByte();
    keyboardController = in.readBoolean();
    in.end();
  }
}

package org.wardian.virtio.input;

/** Numbers of the input device (virtio 1.2 §5.8) and of evdev, whose events it carries. */
final class InputProtocol {
  static final int CONFIG_SELECT = 0;
  static final int CONFIG_SUBSELECT = 1;
  static final int CONFIG_SIZE = 2;
  static final int CONFIG_DATA = 8;
  static final int CONFIG_LENGTH = 136;

  static final int NAME = 0x01;
  static final int IDENTITY = 0x03;
  static final int EVENT_BITS = 0x11;
  static final int AXIS = 0x12;

  static final int EVENT = 8;

  static final int SYNCHRONIZE = 0;
  static final int KEY = 1;
  static final int RELATIVE = 2;
  static final int ABSOLUTE = 3;
  static final int REPEAT = 0x14;

  static final int AXIS_X = 0;
  static final int AXIS_Y = 1;
  static final int WHEEL = 8;
  static final int BUTTON_LEFT = 0x110;
  static final int BUTTON_RIGHT = 0x111;
  static final int BUTTON_MIDDLE = 0x112;

  private InputProtocol() {}
}

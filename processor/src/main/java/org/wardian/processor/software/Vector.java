package org.wardian.processor.software;

/** Exception vectors. Source: Intel SDM vol. 3 table 6-1. */
public final class Vector {
  private Vector() {}

  public static final int DE = 0;
  public static final int DB = 1;
  public static final int NMI = 2;
  public static final int BP = 3;
  public static final int OF = 4;
  public static final int BR = 5;
  public static final int UD = 6;
  public static final int NM = 7;
  public static final int DF = 8;
  public static final int TS = 10;
  public static final int NP = 11;
  public static final int SS = 12;
  public static final int GP = 13;
  public static final int PF = 14;
  public static final int MF = 16;
  public static final int AC = 17;
  public static final int MC = 18;
  public static final int XM = 19;
  public static final int CP = 21;

  /** Whether the processor pushes an error code for exception {@code vector}. */
  public static boolean hasErrorCode(int vector) {
    return vector == DF || (vector >= TS && vector <= PF) || vector == AC || vector == CP;
  }
}

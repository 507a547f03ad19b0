"""At the counter 到柜台办的事: what a member does there with an ID card in hand, kept by two people of the centre."""

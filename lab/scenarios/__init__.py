"""Bursts and what may go wrong with them, played on the lab with a load in a closed loop; each draws a picture."""

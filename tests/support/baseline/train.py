# SPDX-License-Identifier: GPL-3.0-or-later
from common import *
import torch.nn as nn, torch.nn.functional as F, math
torch.manual_seed(0)
which=sys.argv[1:] or ["vae","toy","conv","ebm"]
def vae(foreach):
    enc=nn.Sequential(nn.Linear(784,512),nn.ReLU(),nn.Linear(512,256),nn.ReLU(),nn.Linear(256,4))
    dec=nn.Sequential(nn.Linear(2,256),nn.ReLU(),nn.Linear(256,512),nn.ReLU(),nn.Linear(512,784))
    opt=torch.optim.Adam(list(enc.parameters())+list(dec.parameters()),1e-3,foreach=foreach)
    x=torch.rand(128,784)
    def step():
        h=enc(x); mu,lv=h[:,:2],h[:,2:]
        z=mu+torch.randn_like(mu)*(0.5*lv).exp()
        y=dec(z)
        loss=(F.binary_cross_entropy_with_logits(y,x,reduction='sum')-0.5*(1+lv-mu*mu-lv.exp()).sum())/128
        opt.zero_grad(); loss.backward(); opt.step(); return loss
    return step
def toy(foreach):
    net=nn.Sequential(nn.Linear(18,128),nn.SiLU(),nn.Linear(128,128),nn.SiLU(),nn.Linear(128,128),nn.SiLU(),nn.Linear(128,2))
    opt=torch.optim.Adam(net.parameters(),1e-3,foreach=foreach)
    data=torch.randn(8192,2); freqs=2.0**torch.arange(8)*math.pi*0.25
    def step():
        x0=data[torch.randint(0,8192,(512,))]; t=torch.rand(512,1); eps=torch.randn(512,2)
        a=torch.cos(t*math.pi/2); s=torch.sin(t*math.pi/2); xt=a*x0+s*eps
        emb=t*freqs; inp=torch.cat([xt,emb.sin(),emb.cos()],1)
        loss=F.mse_loss(net(inp),eps)
        opt.zero_grad(); loss.backward(); opt.step(); return loss
    return step
def conv(foreach):
    enc=nn.Sequential(nn.Conv2d(1,32,4,2,1),nn.ReLU(),nn.Conv2d(32,64,4,2,1),nn.ReLU(),nn.Flatten(),nn.Linear(3136,32))
    dl=nn.Linear(16,3136); dc=nn.Sequential(nn.ReLU(),nn.ConvTranspose2d(64,32,4,2,1),nn.ReLU(),nn.ConvTranspose2d(32,1,4,2,1))
    opt=torch.optim.Adam(list(enc.parameters())+list(dl.parameters())+list(dc.parameters()),1e-3,foreach=foreach)
    x=torch.rand(128,1,28,28)
    def step():
        h=enc(x); mu,lv=h[:,:16],h[:,16:]
        z=mu+torch.randn_like(mu)*(0.5*lv).exp()
        y=dc(dl(z).view(-1,64,7,7))
        loss=(F.binary_cross_entropy_with_logits(y,x,reduction='sum')-0.5*(1+lv-mu*mu-lv.exp()).sum())/128
        opt.zero_grad(); loss.backward(); opt.step(); return loss
    return step
def ebm(foreach):
    net=nn.Sequential(nn.Linear(2,128),nn.SiLU(),nn.Linear(128,128),nn.SiLU(),nn.Linear(128,1))
    opt=torch.optim.Adam(net.parameters(),1e-3,foreach=foreach)
    buf=torch.randn(4096,2); data=torch.randn(8192,2)
    def step():
        idx=torch.randint(0,4096,(256,)); z=buf[idx]
        for _ in range(20):
            z=z.detach().requires_grad_(True)
            g=torch.autograd.grad(net(z).sum(),z)[0]
            z=z.detach()-0.01*g+0.1*torch.randn_like(z)
        z=z.detach(); buf[idx]=z
        xp=data[torch.randint(0,8192,(256,))]
        ep=net(xp); en=net(z)
        loss=(ep-en).mean()+0.1*(ep**2+en**2).mean()
        opt.zero_grad(); loss.backward(); opt.step(); return loss
    return step
for w in which:
    for fe in ((False,) if os.environ.get("EAGER") else (False,True)):
        torch.manual_seed(0); s=globals()[w](fe)
        print("py %s %s th=%d core=%s ms/step wall20 %.3f med %.3f cpu20 %.3f"%((w,"foreach" if fe else "eager",th,os.environ.get('OPENBLAS_CORETYPE','default'))+bench(s)),flush=True)
